/** Where an observation lies: one of three tables of the same shape, in a partition of its day. */
import { sql } from 'kysely';
import type { Observation } from '../../model/index.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';

export const observationTables = ['decisions_allowed', 'decisions_denied', 'observations'] as const;
export type ObservationTable = (typeof observationTables)[number];

const DAY = 86_400_000;

/** What the data plane decided (requests and connections) apart from what was only seen; what was let through apart. */
export function tableOf({ event }: Pick<Observation, 'event'>): ObservationTable {
  if (event.kind !== 'request' && event.kind !== 'flow') return 'observations';
  return event.verdict.effect === 'allow' ? 'decisions_allowed' : 'decisions_denied';
}

/** The UTC day; hosts with a mad clock end up at the edges, in the default partition. */
export function dayOf(at: number): string {
  const bounded = Math.min(Math.max(Number.isFinite(at) ? at : 0, 0), Date.UTC(9000, 0, 1));
  return new Date(bounded).toISOString().slice(0, 10);
}

/** Yesterday's, today's and those of the next days, as far as they are missing. */
export async function makeDays(db: Database, now: number): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits
    where inhparent = any(${[...observationTables]}::regclass[])`.execute(db);
  const present = new Set(rows.map((row) => row.name));
  for (const table of observationTables) {
    for (let ahead = -1; ahead <= 3; ahead += 1) {
      const from = dayOf(now + ahead * DAY);
      if (!present.has(partitionName(table, from))) await makeDay(db, table, from, dayOf(now + (ahead + 1) * DAY));
    }
  }
}

/** Where it cannot be made (rows of that day already lie in the default partition), those rows stay there: all still works. */
async function makeDay(db: Database, table: ObservationTable, from: string, to: string): Promise<void> {
  const name = partitionName(table, from);
  try {
    await db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = '2s'`.execute(tx);
      await sql
        .raw(`create table if not exists ${name} partition of ${table} for values from ('${from}') to ('${to}')`)
        .execute(tx);
    });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'query-failed') throw error;
  }
}

function partitionName(table: ObservationTable, day: string): string {
  return `${table}_${day.replaceAll('-', '')}`;
}
