/** Observations: appended in batches, idempotent on the id, in daily partitions. What goes again is `retention.ts`'s. */
import { sql } from 'kysely';
import { type Layer, Observation } from '../../model/index.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { dayOf, makeDays, type ObservationTable, observationTables, tableOf } from './observation-tables.js';
import { oneOf } from './one-of.js';
import { atomically, columnText, type Ground, limitOf, type Page } from './rows.js';

export interface ObservationFilter extends Page {
  readonly service?: string;
  /** One of these. */
  readonly services?: readonly string[] | undefined;
  readonly workload?: string;
  readonly host?: string;
  readonly layer?: Layer;
  readonly kind?: Observation['event']['kind'];
  /** Milliseconds since the epoch; `since` is included, `until` is not. */
  readonly since?: number;
  readonly until?: number;
}

export interface ObservationPage {
  readonly observations: Observation[];
  /** Give it back to `after` to go on; opaque. */
  readonly cursor: string;
}

export interface ObservationRepository {
  /** Returns the ids that were new; the others had come before. */
  insert(batch: readonly Observation[]): Promise<string[]>;
  get(id: string, at: number): Promise<Observation | undefined>;
  /** By the id that a refused caller was given, or that of the observation. */
  decision(id: string): Promise<Observation | undefined>;
  /** Newest first. */
  list(filter?: ObservationFilter): Promise<Observation[]>;
  /** In the order of commit, from a cursor on: nothing is skipped, whatever order concurrent writers end in. */
  after(cursor: string | undefined, filter?: ObservationFilter): Promise<ObservationPage>;
  /** The cursor behind everything that is visible now. */
  end(): Promise<string>;
  count(filter?: ObservationFilter): Promise<number>;
  /** Makes the partitions of the coming days. */
  makeDays(): Promise<void>;
}

export function observationRepository({ db, clock }: Ground): ObservationRepository {
  const matching = (filter: ObservationFilter) => {
    let query = db.selectFrom('observed');
    if (filter.service !== undefined) query = query.where('service', '=', filter.service);
    if (filter.services !== undefined) query = query.where(oneOf('service', filter.services));
    if (filter.workload !== undefined) query = query.where('workload', '=', filter.workload);
    if (filter.host !== undefined) query = query.where('host', '=', filter.host);
    if (filter.layer !== undefined) query = query.where('layer', '=', filter.layer);
    if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
    if (filter.since !== undefined) query = query.where('at', '>=', filter.since);
    if (filter.until !== undefined) query = query.where('at', '<', filter.until);
    return query;
  };
  return {
    insert: (batch) =>
      atomically(db, async (tx) => {
        const fresh: string[] = [];
        for (const table of observationTables) {
          const part = batch.filter((row) => tableOf(row) === table);
          if (part.length > 0) fresh.push(...(await insertInto(tx, table, part)));
        }
        return fresh;
      }),
    get: async (id, at) => {
      const row = await db
        .selectFrom('observed')
        .select('body')
        .where('day', '=', dayOf(at))
        .where('id', '=', columnText(id))
        .executeTakeFirst();
      return row && Observation.parse(row.body);
    },
    decision: async (id) => {
      for (const table of ['decisions_denied', 'decisions_allowed'] as const) {
        const wanted = columnText(id);
        const { rows } = await (id.includes(':')
          ? sql<{ body: unknown }>`select body from ${sql.table(table)} where id = ${wanted} limit 1`
          : sql<{ body: unknown }>`select body from ${sql.table(table)}
              where body -> 'event' -> 'verdict' ->> 'decisionId' = ${wanted} limit 1`
        ).execute(db);
        if (rows[0] !== undefined) return Observation.parse(rows[0].body);
      }
      return undefined;
    },
    list: async (filter = {}) =>
      (await matching(filter).select('body').orderBy('at', 'desc').orderBy('id').limit(limitOf(filter)).execute()).map(
        (row) => Observation.parse(row.body),
      ),
    after: async (cursor, filter = {}) => {
      const [tx, seq] = parseCursor(cursor);
      const rows = await matching(filter)
        .select(['tx', 'seq', 'body'])
        // A transaction that still runs, and all younger ones, wait: their rows could come in behind the cursor.
        .where(sql<boolean>`tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint`)
        .where(sql<boolean>`(tx, seq) > (${tx}::bigint, ${seq}::bigint)`)
        .orderBy('tx')
        .orderBy('seq')
        .limit(limitOf(filter))
        .execute();
      const last = rows.at(-1);
      return {
        observations: rows.map((row) => Observation.parse(row.body)),
        cursor: last === undefined ? `${tx}.${seq}` : `${last.tx}.${last.seq}`,
      };
    },
    end: async () => {
      const { rows } = await sql<{
        tx: number;
      }>`select pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 as tx`.execute(db);
      return `${rows[0]?.tx ?? 0}.${Number.MAX_SAFE_INTEGER}`;
    },
    count: async (filter = {}) => {
      const row = await matching(filter)
        .select((at) => at.fn.countAll<number>().as('count'))
        .executeTakeFirst();
      return row?.count ?? 0;
    },
    makeDays: () => makeDays(db, clock.now()),
  };
}

/** One prepared statement for any batch size. */
async function insertInto(db: Database, table: ObservationTable, batch: readonly Observation[]): Promise<string[]> {
  const text = (pick: (row: Observation) => string | null) =>
    batch.map((row) => {
      const value = pick(row);
      return value === null ? null : columnText(value);
    });
  const done = await sql<{ id: string }>`
    insert into ${sql.table(table)} (day, id, at, host, service, workload, layer, kind, body)
    select * from unnest(
      ${text((row) => dayOf(row.at))}::date[], ${text((row) => row.id)}::text[], ${batch.map((row) => row.at)}::float8[],
      ${text((row) => row.host)}::text[], ${text((row) => row.service)}::text[], ${text((row) => row.workload)}::text[],
      ${batch.map((row) => row.layer)}::text[], ${batch.map((row) => row.event.kind)}::text[],
      ${batch.map((row) => JSON.stringify(row))}::json[])
    on conflict (day, id) do nothing returning id`.execute(db);
  return done.rows.map((row) => row.id);
}

function parseCursor(cursor: string | undefined): [number, number] {
  if (cursor === undefined) return [0, 0];
  const parts = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor);
  if (parts === null) throw new StoreError('malformed', 'this is no cursor', { hint: 'start again without one' });
  return [Number(parts[1]), Number(parts[2])];
}
