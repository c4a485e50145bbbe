/** The services we know, and whether containment cuts them off. */
import { ServiceConfiguration } from '../../model/index.js';
import { StoreError } from '../store-error.js';
import { atomically } from './rows.js';
export function serviceRepository({ db, clock }, auditIn) {
    const get = async (name) => {
        const row = await db.selectFrom('services').selectAll().where('name', '=', name).executeTakeFirst();
        return row && toRecord(row);
    };
    return {
        get,
        declare: async (name, declaration) => {
            const text = declaration === undefined ? null : JSON.stringify(declaration);
            const row = await db
                .insertInto('services')
                .values({ name, created_at: clock.now(), isolated: false, declaration: text })
                .onConflict((conflict) => conflict.column('name').doUpdateSet((at) => ({
                declaration: text ?? at.ref('services.declaration'),
            })))
                .returningAll()
                .executeTakeFirstOrThrow();
            return toRecord(row);
        },
        list: async () => (await db.selectFrom('services').selectAll().orderBy('name').execute()).map(toRecord),
        setIsolated: (name, isolated, by) => atomically(db, async (tx) => {
            const done = await tx.updateTable('services').set({ isolated }).where('name', '=', name).executeTakeFirst();
            if (done.numUpdatedRows === 0n)
                throw new StoreError('not-found', `no service \`${name}\``);
            await auditIn(tx).append({
                actor: by,
                action: isolated ? 'service.isolate' : 'service.rejoin',
                subject: name,
                detail: {},
            });
        }),
    };
}
function toRecord(row) {
    const declaration = row.declaration === null ? null : ServiceConfiguration.parse(row.declaration);
    return { name: row.name, createdAt: row.created_at, isolated: row.isolated, declaration };
}
