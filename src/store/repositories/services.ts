/** The services we know, their labels, and whether containment cuts them off. */
import { Labels, sameLabels } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground } from './rows.js';

export interface ServiceRecord {
  readonly name: string;
  readonly createdAt: number;
  readonly isolated: boolean;
  /** Roles may be limited by them: who changes them changes who may do what. */
  readonly labels: Labels;
}

export interface ServiceRepository {
  /** Makes the service known, with these labels if it was not. Holds its row until the transaction ends. */
  declare(name: string, labels?: Labels): Promise<ServiceRecord & { readonly isNew: boolean }>;
  get(name: string): Promise<ServiceRecord | undefined>;
  list(): Promise<ServiceRecord[]>;
  /** All of them anew: audited with the change. @throws StoreError `not-found` */
  setLabels(name: string, labels: Labels, by: string): Promise<void>;
  /** Containment: audited with the change. @throws StoreError `not-found` */
  setIsolated(name: string, isolated: boolean, by: string): Promise<void>;
}

export function serviceRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): ServiceRepository {
  const get = async (name: string) => {
    const row = await db.selectFrom('services').selectAll().where('name', '=', name).executeTakeFirst();
    return row && toRecord(row);
  };
  return {
    get,
    declare: (name, labels = {}) =>
      atomically(db, async (tx) => {
        const added = await tx
          .insertInto('services')
          .values({ name, created_at: clock.now(), isolated: false, declaration: null, labels: JSON.stringify(labels) })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .executeTakeFirst();
        const row = await tx
          .selectFrom('services')
          .selectAll()
          .where('name', '=', name)
          .forUpdate()
          .executeTakeFirstOrThrow();
        return { ...toRecord(row), isNew: added.numInsertedOrUpdatedRows === 1n };
      }),
    setLabels: (name, labels, by) =>
      atomically(db, async (tx) => {
        const row = await tx
          .selectFrom('services')
          .select('labels')
          .where('name', '=', name)
          .forUpdate()
          .executeTakeFirst();
        if (row === undefined) throw new StoreError('not-found', `no service \`${name}\``);
        const before = Labels.parse(row.labels);
        if (sameLabels(before, labels)) return;
        await tx
          .updateTable('services')
          .set({ labels: JSON.stringify(labels) })
          .where('name', '=', name)
          .execute();
        await auditIn(tx).append({ actor: by, action: 'service.labels', subject: name, detail: { labels, before } });
      }),
    list: async () => (await db.selectFrom('services').selectAll().orderBy('name').execute()).map(toRecord),
    setIsolated: (name, isolated, by) =>
      atomically(db, async (tx) => {
        const done = await tx.updateTable('services').set({ isolated }).where('name', '=', name).executeTakeFirst();
        if (done.numUpdatedRows === 0n) throw new StoreError('not-found', `no service \`${name}\``);
        await auditIn(tx).append({
          actor: by,
          action: isolated ? 'service.isolate' : 'service.rejoin',
          subject: name,
          detail: {},
        });
      }),
  };
}

function toRecord(row: { name: string; created_at: number; isolated: boolean; labels: unknown }): ServiceRecord {
  return { name: row.name, createdAt: row.created_at, isolated: row.isolated, labels: Labels.parse(row.labels) };
}
