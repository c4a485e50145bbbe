import { type Selectable, sql } from 'kysely';
import { EvidenceManifest } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Tables } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { oneOf } from './one-of.js';
import { atomically, columnText, type Ground, limitOf, type Page } from './rows.js';

/** A forensic bundle on disk: its signed manifest and where it lies. */
export interface EvidenceRecord {
  readonly manifest: EvidenceManifest;
  /** Over the manifest file's bytes, base64. */
  readonly signature: string;
  readonly path: string;
}

export interface KeptEvidence extends EvidenceRecord {
  /** Who said that it must stay, whatever its age. */
  readonly pin: { readonly at: number; readonly by: string; readonly reason: string } | null;
}

export interface EvidenceRepository {
  /** Idempotent on the manifest's id; audited. */
  insert(record: EvidenceRecord): Promise<void>;
  get(id: string): Promise<KeptEvidence | undefined>;
  list(
    filter?: Page & {
      readonly incident?: string;
      readonly service?: string;
      /** One of these. */
      readonly services?: readonly string[] | undefined;
    },
  ): Promise<KeptEvidence[]>;
  /** Audited; a second pin replaces the first. @throws StoreError `not-found` */
  pin(id: string, by: string, reason: string): Promise<void>;
  /** Audited. @throws StoreError `not-found`, also when nobody pinned it */
  unpin(id: string, by: string, reason: string): Promise<void>;
  /** What may go: sealed before `time`, not pinned, of no incident or of a closed one. Oldest first. */
  expired(time: number): Promise<EvidenceRecord[]>;
  /** Only what may go at all; false when something holds it (by now). */
  remove(id: string): Promise<boolean>;
  /** Time at which the oldest was sealed. */
  oldest(): Promise<number | null>;
}

export function evidenceRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): EvidenceRepository {
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
            sealed_at: clock.now(),
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
      if (filter.services !== undefined) query = query.where(oneOf('service', filter.services));
      return (await query.execute()).map(toRecord);
    },
    pin: (id, by, reason) =>
      atomically(db, async (tx) => {
        const pin = { pinned_at: clock.now(), pinned_by: by, pin_reason: reason };
        const done = await tx.updateTable('evidence').set(pin).where('id', '=', id).executeTakeFirst();
        if (done.numUpdatedRows !== 1n) throw new StoreError('not-found', `no evidence \`${id}\``);
        await auditIn(tx).append({ actor: by, action: 'evidence.pin', subject: id, detail: { reason } });
      }),
    unpin: (id, by, reason) =>
      atomically(db, async (tx) => {
        const done = await tx
          .updateTable('evidence')
          .set({ pinned_at: null, pinned_by: null, pin_reason: null })
          .where('id', '=', id)
          .where('pinned_at', 'is not', null)
          .executeTakeFirst();
        if (done.numUpdatedRows !== 1n) throw new StoreError('not-found', `no pinned evidence \`${id}\``);
        await auditIn(tx).append({ actor: by, action: 'evidence.unpin', subject: id, detail: { reason } });
      }),
    expired: async (time) => {
      const rows = await db
        .selectFrom('evidence')
        .selectAll()
        .where(mayGo)
        .where(sealedAt, '<', time)
        .orderBy(sealedAt)
        .limit(1_000)
        .execute();
      return rows.map(toRecord);
    },
    remove: async (id) => {
      const done = await db.deleteFrom('evidence').where('id', '=', id).where(mayGo).executeTakeFirst();
      return done.numDeletedRows === 1n;
    },
    oldest: async () => {
      const row = await db
        .selectFrom('evidence')
        .select(sql<number | null>`min(coalesce(sealed_at, collected_at))`.as('at'))
        .executeTakeFirst();
      return row?.at ?? null;
    },
  };
}

/** By our clock where we noted it, since what the host says of the time decides nothing here. */
const sealedAt = sql<number>`coalesce(sealed_at, collected_at)`;
/** INVARIANT: what is pinned, or of an incident that is not closed, never goes; an unknown incident counts as open. */
const mayGo = sql<boolean>`pinned_at is null and (incident is null
  or exists (select 1 from incidents i where i.id = evidence.incident and i.state = 'closed'))`;

function toRecord(row: Selectable<Tables['evidence']>): KeptEvidence {
  const { pinned_at: at, pinned_by: by, pin_reason: reason } = row;
  return {
    manifest: EvidenceManifest.parse(row.manifest),
    signature: row.signature,
    path: row.path,
    pin: at === null ? null : { at, by: by ?? '', reason: reason ?? '' },
  };
}
