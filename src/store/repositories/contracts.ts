/** Contract versions: immutable, numbered per service, at most one approved. Every change is audited with it. */
import { type Selectable, sql } from 'kysely';
import { Contract, ContractVersion } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Tables } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground, limitOf, type Page } from './rows.js';

/** A version before it has a number and a time. */
export type ContractDraft = Pick<
  ContractVersion,
  'service' | 'contract' | 'digest' | 'origin' | 'observed' | 'proposedBy' | 'clean'
> & {
  /** As its writer wrote it, where that is not as it will be in force: with what it extends, and exceptions. */
  readonly written?: Contract | undefined;
};

export interface Decided {
  readonly by: string;
  readonly reason?: string;
  /** The digest that the approver saw; a decision on anything else is refused. */
  readonly digest?: string;
  /** The code and image digests that are clean from now on; default: those of the proposal. */
  readonly clean?: Readonly<Record<string, string>>;
}

export interface ContractRepository {
  /** Gives the next number (the first is 0); the same digest as the newest open proposal returns that one. */
  propose(draft: ContractDraft): Promise<ContractVersion>;
  /** Makes it the active one; what was active is superseded in the same transaction. */
  approve(service: string, version: number, decided: Decided): Promise<ContractVersion>;
  reject(service: string, version: number, decided: Decided): Promise<ContractVersion>;
  get(service: string, version: number): Promise<ContractVersion | undefined>;
  /** As its writer wrote it; undefined: as it is in force. */
  written(service: string, version: number): Promise<Contract | undefined>;
  active(service: string): Promise<ContractVersion | undefined>;
  /** The approved version of every service. */
  allActive(): Promise<ContractVersion[]>;
  list(
    filter?: Page & { readonly service?: string; readonly state?: ContractVersion['state'] },
  ): Promise<ContractVersion[]>;
}

export function contractRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): ContractRepository {
  const one = (tx: Database, service: string, version: number) =>
    tx
      .selectFrom('contracts')
      .selectAll()
      .where('service', '=', service)
      .where('version', '=', version)
      .executeTakeFirst();

  const decide = (service: string, version: number, state: 'approved' | 'rejected', decided: Decided) =>
    atomically(db, async (tx) => {
      await queue(tx, service);
      const row = await one(tx, service, version);
      if (row === undefined)
        throw new StoreError('not-found', `service \`${service}\` has no contract version ${version}`);
      if (row.state !== 'proposed')
        throw new StoreError('conflict', `version ${version} of \`${service}\` is already ${row.state}`);
      if (decided.digest !== undefined && decided.digest !== row.digest) {
        throw new StoreError('conflict', `version ${version} of \`${service}\` is not what was looked at`, {
          hint: 'look at the proposal again and decide on its digest',
        });
      }
      const at = clock.now();
      if (state === 'approved') {
        await tx
          .updateTable('contracts')
          .set({ state: 'superseded' })
          .where('service', '=', service)
          .where('state', '=', 'approved')
          .execute();
      }
      const updated = await tx
        .updateTable('contracts')
        .set({
          state,
          decided_by: decided.by,
          decided_at: at,
          reason: decided.reason ?? null,
          ...(decided.clean === undefined ? {} : { clean: JSON.stringify(decided.clean) }),
        })
        .where('service', '=', service)
        .where('version', '=', version)
        .returningAll()
        .executeTakeFirstOrThrow();
      await auditIn(tx).append({
        actor: decided.by,
        action: state === 'approved' ? 'contract.approve' : 'contract.reject',
        subject: `${service} v${version}`,
        detail: { digest: row.digest, reason: decided.reason ?? null, mode: toVersion(updated).contract.mode },
      });
      return toVersion(updated);
    });

  return {
    propose: (draft) =>
      atomically(db, async (tx) => {
        await queue(tx, draft.service);
        const newest = await tx
          .selectFrom('contracts')
          .selectAll()
          .where('service', '=', draft.service)
          .orderBy('version', 'desc')
          .limit(1)
          .executeTakeFirst();
        if (newest?.state === 'proposed' && newest.digest === draft.digest) return toVersion(newest);
        const version = newest === undefined ? 0 : newest.version + 1;
        const row = await tx
          .insertInto('contracts')
          .values({
            service: draft.service,
            version,
            digest: draft.digest,
            state: 'proposed',
            contract: JSON.stringify(draft.contract),
            origin: draft.origin,
            observed: draft.observed,
            proposed_by: draft.proposedBy,
            proposed_at: clock.now(),
            decided_by: null,
            decided_at: null,
            reason: null,
            clean: JSON.stringify(draft.clean),
            written: draft.written === undefined ? null : JSON.stringify(draft.written),
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        await auditIn(tx).append({
          actor: draft.proposedBy,
          action: 'contract.propose',
          subject: `${draft.service} v${version}`,
          detail: { digest: draft.digest, origin: draft.origin, mode: draft.contract.mode },
        });
        return toVersion(row);
      }),
    approve: (service, version, decided) => decide(service, version, 'approved', decided),
    reject: (service, version, decided) => decide(service, version, 'rejected', decided),
    get: async (service, version) => {
      const row = await one(db, service, version);
      return row && toVersion(row);
    },
    written: async (service, version) => {
      const row = await one(db, service, version);
      return row === undefined || row.written === null ? undefined : Contract.parse(row.written);
    },
    active: async (service) => {
      const row = await db
        .selectFrom('contracts')
        .selectAll()
        .where('service', '=', service)
        .where('state', '=', 'approved')
        .executeTakeFirst();
      return row && toVersion(row);
    },
    allActive: async () =>
      (await db.selectFrom('contracts').selectAll().where('state', '=', 'approved').orderBy('service').execute()).map(
        toVersion,
      ),
    list: async (filter = {}) => {
      let query = db
        .selectFrom('contracts')
        .selectAll()
        .orderBy('service')
        .orderBy('version', 'desc')
        .limit(limitOf(filter));
      if (filter.service !== undefined) query = query.where('service', '=', filter.service);
      if (filter.state !== undefined) query = query.where('state', '=', filter.state);
      return (await query.execute()).map(toVersion);
    },
  };
}

/** One change per service at a time; released with the transaction. */
async function queue(tx: Database, service: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(7142336, hashtext(${service}))`.execute(tx);
}

function toVersion(row: Selectable<Tables['contracts']>): ContractVersion {
  return ContractVersion.parse({
    service: row.service,
    version: row.version,
    digest: row.digest,
    state: row.state,
    contract: row.contract,
    origin: row.origin,
    observed: row.observed,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    reason: row.reason,
    clean: row.clean,
  });
}
