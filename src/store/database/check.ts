/** What an upgrade would do to the schema, tried and taken back. */
import { Kysely, sql } from 'kysely';
import { silent } from '../../base/index.js';
import type { Connection } from '../cluster/connection.js';
import { migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import { createPool, dialect, translate } from './pool.js';
import type { Tables } from './schema.js';

export interface SchemaCheck {
  /** Number of the newest migration that ran; 0 for an empty database. */
  readonly present: number;
  /** What this program knows. */
  readonly newest: number;
  readonly pending: readonly { readonly number: number; readonly name: string }[];
}

class TakenBack extends Error {}

/**
 * Runs what is pending in a transaction that never commits. It waits five seconds at most for whoever works there, and
 * keeps them waiting no longer than the migrations take.
 *
 * @throws StoreError `schema-newer`; `query-failed` when a migration does not go through
 */
export async function checkSchema(connection: Connection): Promise<SchemaCheck> {
  const db = new Kysely<Tables>({ dialect: dialect(createPool(connection, silent, 1)) });
  try {
    const present = await presentIn(db);
    const newest = migrations.at(-1)?.number ?? 0;
    await db
      .transaction()
      .execute(async (tx) => {
        await sql`set local lock_timeout = '5s'`.execute(tx);
        await migrate(tx);
        throw new TakenBack();
      })
      .catch((error: unknown) => {
        if (!(error instanceof TakenBack)) throw error;
      });
    const pending = migrations.filter(({ number }) => number > present).map(({ number, name }) => ({ number, name }));
    return { present, newest, pending };
  } catch (error) {
    return translate(error);
  } finally {
    await db.destroy();
  }
}

async function presentIn(db: Kysely<Tables>): Promise<number> {
  const { rows: found } = await sql<{
    name: string | null;
  }>`select to_regclass('schema_migrations')::text as name`.execute(db);
  if (found[0]?.name === null) return 0;
  const { rows } = await sql<{ number: number | null }>`select max(number) as number from schema_migrations`.execute(
    db,
  );
  return rows[0]?.number ?? 0;
}
