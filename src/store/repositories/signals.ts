import { sql } from 'kysely';
import { Signal } from '../../model/index.js';
import { columnText, type Ground, limitOf, type Page } from './rows.js';

export interface SignalRepository {
  /** Idempotent on the id; returns the ids that were new. */
  insert(signals: readonly Signal[]): Promise<string[]>;
  get(id: string): Promise<Signal | undefined>;
  /** Keeps those since `since`, and of these the newest `most`; incidents hold their own copies. Returns what went. */
  sweep(since: number, most: number): Promise<{ rows: number; since: number; until: number }[]>;
  /** Newest first. */
  list(
    filter?: Page & { readonly service?: string; readonly since?: number; readonly until?: number },
  ): Promise<Signal[]>;
}

export function signalRepository({ db }: Ground): SignalRepository {
  return {
    insert: async (signals) => {
      if (signals.length === 0) return [];
      const done = await sql<{ id: string }>`
        insert into signals (id, at, service, layer, rule, severity, body)
        select * from unnest(
          ${signals.map((row) => columnText(row.id))}::text[], ${signals.map((row) => row.at)}::float8[],
          ${signals.map((row) => row.service)}::text[], ${signals.map((row) => row.layer)}::text[],
          ${signals.map((row) => columnText(row.rule))}::text[], ${signals.map((row) => row.severity)}::text[],
          ${signals.map((row) => JSON.stringify(row))}::json[])
        on conflict (id) do nothing returning id`.execute(db);
      return done.rows.map((row) => row.id);
    },
    get: async (id) => {
      const row = await db.selectFrom('signals').select('body').where('id', '=', columnText(id)).executeTakeFirst();
      return row && Signal.parse(row.body);
    },
    sweep: async (since, most) => {
      const done = await sql<{ rows: number; since: number; until: number }>`
        with gone as (
          delete from signals where at < greatest(${since}::float8,
            coalesce((select at from signals order by at desc offset ${most} limit 1), '-infinity'::float8)) returning at)
        select count(*) as rows, min(at) as since, max(at) as until from gone having count(*) > 0`.execute(db);
      return done.rows;
    },
    list: async (filter = {}) => {
      let query = db.selectFrom('signals').select('body').orderBy('at', 'desc').orderBy('id').limit(limitOf(filter));
      if (filter.service !== undefined) query = query.where('service', '=', filter.service);
      if (filter.since !== undefined) query = query.where('at', '>=', filter.since);
      if (filter.until !== undefined) query = query.where('at', '<', filter.until);
      return (await query.execute()).map((row) => Signal.parse(row.body));
    },
  };
}
