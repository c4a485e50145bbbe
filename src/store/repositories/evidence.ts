import { EvidenceManifest } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { atomically, columnText, type Ground, limitOf, type Page } from './rows.js';

/** A forensic bundle on disk: its signed manifest and where it lies. */
export interface EvidenceRecord {
  readonly manifest: EvidenceManifest;
  /** Over the manifest file's bytes, base64. */
  readonly signature: string;
  readonly path: string;
}

export interface EvidenceRepository {
  /** Idempotent on the manifest's id; audited. */
  insert(record: EvidenceRecord): Promise<void>;
  get(id: string): Promise<EvidenceRecord | undefined>;
  list(filter?: Page & { readonly incident?: string; readonly service?: string }): Promise<EvidenceRecord[]>;
}

export function evidenceRepository({ db }: Ground, auditIn: (tx: Database) => AuditTrail): EvidenceRepository {
  return {
    insert: ({ manifest, signature, path }) =>
      atomically(db, async (tx) => {
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
        if (done.numInsertedOrUpdatedRows !== 1n) return;
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
      if (filter.incident !== undefined) query = query.where('incident', '=', filter.incident);
      if (filter.service !== undefined) query = query.where('service', '=', filter.service);
      return (await query.execute()).map(toRecord);
    },
  };
}

function toRecord(row: { manifest: unknown; signature: string; path: string }): EvidenceRecord {
  return { manifest: EvidenceManifest.parse(row.manifest), signature: row.signature, path: row.path };
}
