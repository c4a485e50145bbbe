/** Small facts of the installation: trust domain, revision of the snapshot, and the like. Not a place for secrets. */
import { sql } from 'kysely';
import type { Ground } from './rows.js';

export interface SettingRepository {
  /** Unchecked JSON: the caller parses. */
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  /** Keeps what is there; returns what holds. Of several at once, one wins and all get the winner's value. */
  putIfAbsent(key: string, value: unknown): Promise<unknown>;
  /** Counts up from 1; never gives a number twice, goes back with its transaction. */
  next(key: string): Promise<number>;
  remove(key: string): Promise<void>;
}

export function settingRepository({ db }: Ground): SettingRepository {
  const get = async (key: string): Promise<unknown> =>
    (await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;
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
      const { rows } = await sql<{ n: number }>`
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
