/** Brings the schema up to date: numbered, forward only, in one transaction under an advisory lock. */
import { type Kysely, sql } from 'kysely';
import { atomically } from '../repositories/rows.js';
import { StoreError } from '../store-error.js';
import { migrations } from './migrations/index.js';
import type { Tables } from './schema.js';

/** Any fixed number; the same in every version, so that old and new starters wait for each other. */
const lock = 7_142_336_001;

/**
 * Returns the schema number. Within an open transaction it becomes a part of that. Several processes may call at once: one works, the others find it done.
 *
 * @throws StoreError `schema-newer` when the database was written by a newer program.
 */
export async function migrate(db: Kysely<Tables>, steps = migrations): Promise<number> {
  return atomically(db, async (tx) => {
    await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
    await sql`create table if not exists schema_migrations (
      number int primary key, name text not null, applied_at timestamptz not null default now())`.execute(tx);
    const { rows } = await sql<{ number: number | null }>`select max(number) as number from schema_migrations`.execute(
      tx,
    );
    const present = rows[0]?.number ?? 0;
    const newest = steps.at(-1)?.number ?? 0;
    if (present > newest) {
      throw new StoreError('schema-newer', `the database has schema ${present}, this program knows ${newest}`, {
        hint: 'upgrade tricordon, or restore the backup made before the upgrade',
      });
    }
    for (const step of steps.filter(({ number }) => number > present)) {
      await sql.raw(step.sql).execute(tx);
      await sql`insert into schema_migrations (number, name) values (${step.number}, ${step.name})`.execute(tx);
    }
    return newest;
  });
}
