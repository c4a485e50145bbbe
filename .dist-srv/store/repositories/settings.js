/** Small facts of the installation: trust domain, revision of the snapshot, and the like. Not a place for secrets. */
import { sql } from 'kysely';
export function settingRepository({ db }) {
    const get = async (key) => (await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;
    return {
        get,
        put: async (key, value) => {
            const text = JSON.stringify(value);
            await db
                .insertInto('settings')
                .values({ key, value: text })
                .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: text }))
                .execute();
        },
        putIfAbsent: async (key, value) => {
            await db
                .insertInto('settings')
                .values({ key, value: JSON.stringify(value) })
                .onConflict((conflict) => conflict.column('key').doNothing())
                .execute();
            return get(key);
        },
        next: async (key) => {
            const { rows } = await sql `
        insert into settings (key, value) values (${key}, '1')
        on conflict (key) do update set value = ((settings.value::text)::bigint + 1)::text::json
        returning (value::text)::bigint as n`.execute(db);
            return rows[0]?.n ?? 0;
        },
        remove: async (key) => {
            await db.deleteFrom('settings').where('key', '=', key).execute();
        },
    };
}
