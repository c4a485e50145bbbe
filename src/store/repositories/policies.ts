/** Bases (immutable by name and version) and bounds (one in force by name, the earlier ones kept). Every change is audited. */
import { Base, Bound } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground } from './rows.js';

export interface Kept<D> {
  readonly document: D;
  readonly digest: string;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Put<D> {
  readonly document: D;
  readonly digest: string;
  readonly by: string;
}

export interface PolicyRepository {
  /** Again with the same digest it changes nothing. @throws StoreError `conflict` for another document of that version */
  putBase(put: Put<Base>): Promise<void>;
  base(name: string, version: number): Promise<Kept<Base> | undefined>;
  /** By name, newest version first. */
  bases(): Promise<Kept<Base>[]>;
  /** In force from now on, in place of the one of that name. False: it is in force already. */
  putBound(put: Put<Bound>): Promise<boolean>;
  /** False: there was none. */
  endBound(name: string, by: string): Promise<boolean>;
  /** In force, by name. */
  bounds(): Promise<Kept<Bound>[]>;
}

export function policyRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): PolicyRepository {
  return {
    putBase: ({ document, digest, by }) =>
      atomically(db, async (tx) => {
        const { name, version } = document;
        const known = await tx
          .selectFrom('bases')
          .select('digest')
          .where('name', '=', name)
          .where('version', '=', version)
          .executeTakeFirst();
        if (known?.digest === digest) return;
        if (known !== undefined)
          throw new StoreError(
            'conflict',
            `the base \`${name}\` version ${version} is there, and says something else`,
            {
              hint: 'a version never changes: give it the next number',
            },
          );
        const row = { name, version, digest, document: JSON.stringify(document), put_by: by, put_at: clock.now() };
        await tx.insertInto('bases').values(row).execute();
        await auditIn(tx).append({ actor: by, action: 'base.put', subject: `${name} v${version}`, detail: { digest } });
      }),
    base: async (name, version) => {
      const row = await db
        .selectFrom('bases')
        .selectAll()
        .where('name', '=', name)
        .where('version', '=', version)
        .executeTakeFirst();
      return row && { document: Base.parse(row.document), digest: row.digest, by: row.put_by, at: row.put_at };
    },
    bases: async () =>
      (await db.selectFrom('bases').selectAll().orderBy('name').orderBy('version', 'desc').limit(10_000).execute()).map(
        (row) => ({ document: Base.parse(row.document), digest: row.digest, by: row.put_by, at: row.put_at }),
      ),
    putBound: ({ document, digest, by }) =>
      atomically(db, async (tx) => {
        const { name } = document;
        const before = await tx
          .selectFrom('bounds')
          .select(['number', 'digest', 'ended_at'])
          .where('name', '=', name)
          .orderBy('number', 'desc')
          .forUpdate()
          .executeTakeFirst();
        const stands = before !== undefined && before.ended_at === null;
        if (stands && before.digest === digest) return false;
        const at = clock.now();
        if (stands) await end(tx, name, by, at);
        await tx
          .insertInto('bounds')
          .values({
            name,
            number: (before?.number ?? 0) + 1,
            digest,
            document: JSON.stringify(document),
            put_by: by,
            put_at: at,
            ended_by: null,
            ended_at: null,
          })
          .execute();
        const detail = { digest, before: stands ? before.digest : null };
        await auditIn(tx).append({ actor: by, action: 'bound.put', subject: name, detail });
        return true;
      }),
    endBound: (name, by) =>
      atomically(db, async (tx) => {
        if (!(await end(tx, name, by, clock.now()))) return false;
        await auditIn(tx).append({ actor: by, action: 'bound.remove', subject: name, detail: {} });
        return true;
      }),
    bounds: async () =>
      (await db.selectFrom('bounds').selectAll().where('ended_at', 'is', null).orderBy('name').execute()).map(
        (row) => ({
          document: Bound.parse(row.document),
          digest: row.digest,
          by: row.put_by,
          at: row.put_at,
        }),
      ),
  };
}

async function end(tx: Database, name: string, by: string, at: number): Promise<boolean> {
  const done = await tx
    .updateTable('bounds')
    .set({ ended_by: by, ended_at: at })
    .where('name', '=', name)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return done.numUpdatedRows > 0n;
}
