/** The services we know, and whether containment cuts them off. */
import { ServiceConfiguration } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground } from './rows.js';

export interface ServiceRecord {
  readonly name: string;
  readonly createdAt: number;
  readonly isolated: boolean;
  /** As given to `run` or in `tricordon.yaml`; null until declared. */
  readonly declaration: ServiceConfiguration | null;
}

export interface ServiceRepository {
  /** Makes the service known; a declaration, when given, replaces the one before. Idempotent. */
  declare(name: string, declaration?: ServiceConfiguration): Promise<ServiceRecord>;
  get(name: string): Promise<ServiceRecord | undefined>;
  list(): Promise<ServiceRecord[]>;
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
    declare: async (name, declaration) => {
      const text = declaration === undefined ? null : JSON.stringify(declaration);
      const row = await db
        .insertInto('services')
        .values({ name, created_at: clock.now(), isolated: false, declaration: text })
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet((at) => ({
            declaration: text ?? at.ref('services.declaration'),
          })),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
      return toRecord(row);
    },
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

function toRecord(row: { name: string; created_at: number; isolated: boolean; declaration: unknown }): ServiceRecord {
  const declaration = row.declaration === null ? null : ServiceConfiguration.parse(row.declaration);
  return { name: row.name, createdAt: row.created_at, isolated: row.isolated, declaration };
}
