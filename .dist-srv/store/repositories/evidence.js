import { EvidenceManifest } from '../../model/index.js';
import { atomically, columnText, limitOf } from './rows.js';
export function evidenceRepository({ db }, auditIn) {
    return {
        insert: ({ manifest, signature, path }) => atomically(db, async (tx) => {
            const done = await tx
                .insertInto('evidence')
                .values({
                id: columnText(manifest.id),
                incident: manifest.incident,
                service: manifest.service,
                collected_at: manifest.collectedAt,
                manifest: JSON.stringify(manifest),
                signature,
                path,
            })
                .onConflict((conflict) => conflict.column('id').doNothing())
                .executeTakeFirst();
            if (done.numInsertedOrUpdatedRows !== 1n)
                return;
            const detail = { incident: manifest.incident, service: manifest.service, files: manifest.files.length };
            await auditIn(tx).append({
                actor: manifest.collectedBy,
                action: 'evidence.collect',
                subject: manifest.id,
                detail,
            });
        }),
        get: async (id) => {
            const row = await db.selectFrom('evidence').selectAll().where('id', '=', columnText(id)).executeTakeFirst();
            return row && toRecord(row);
        },
        list: async (filter = {}) => {
            let query = db.selectFrom('evidence').selectAll().orderBy('collected_at', 'desc').limit(limitOf(filter));
            if (filter.incident !== undefined)
                query = query.where('incident', '=', filter.incident);
            if (filter.service !== undefined)
                query = query.where('service', '=', filter.service);
            return (await query.execute()).map(toRecord);
        },
    };
}
function toRecord(row) {
    return { manifest: EvidenceManifest.parse(row.manifest), signature: row.signature, path: row.path };
}
