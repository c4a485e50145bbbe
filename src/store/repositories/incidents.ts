import { sql } from 'kysely';
import { Incident } from '../../model/index.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground, limitOf, type Page } from './rows.js';

export interface IncidentRepository {
  /** `INC-1`, `INC-2`…; numbers may be skipped, never reused. */
  nextId(): Promise<string>;
  /** Writes the whole aggregate. */
  save(incident: Incident): Promise<void>;
  /** Reads under a row lock, writes what `change` returns, in one transaction. @throws StoreError `not-found` */
  update(id: string, change: (incident: Incident) => Incident | Promise<Incident>): Promise<Incident>;
  get(id: string): Promise<Incident | undefined>;
  /** Newest first. */
  list(
    filter?: Page & { readonly state?: Incident['state'] | readonly Incident['state'][]; readonly service?: string },
  ): Promise<Incident[]>;
}

export function incidentRepository({ db }: Ground): IncidentRepository {
  const save = async (tx: Database, incident: Incident) => {
    const columns = {
      state: incident.state,
      opened_at: incident.openedAt,
      last_at: incident.lastAt,
      score: incident.score,
      services: [...incident.services],
      body: JSON.stringify(incident),
    };
    await tx
      .insertInto('incidents')
      .values({ id: incident.id, ...columns })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
      .execute();
  };
  return {
    nextId: async () => {
      const { rows } = await sql<{ n: number }>`select nextval('incident_number') as n`.execute(db);
      return `INC-${rows[0]?.n ?? 0}`;
    },
    save: (incident) => save(db, incident),
    update: (id, change) =>
      atomically(db, async (tx) => {
        const row = await tx.selectFrom('incidents').select('body').where('id', '=', id).forUpdate().executeTakeFirst();
        if (row === undefined) throw new StoreError('not-found', `no incident \`${id}\``);
        const next = await change(Incident.parse(row.body));
        await save(tx, { ...next, id });
        return next;
      }),
    get: async (id) => {
      const row = await db.selectFrom('incidents').select('body').where('id', '=', id).executeTakeFirst();
      return row && Incident.parse(row.body);
    },
    list: async (filter = {}) => {
      let query = db
        .selectFrom('incidents')
        .select('body')
        .orderBy('opened_at', 'desc')
        .orderBy('id')
        .limit(limitOf(filter));
      if (filter.state !== undefined) query = query.where('state', 'in', [filter.state].flat());
      if (filter.service !== undefined) query = query.where(sql<boolean>`services @> array[${filter.service}]::text[]`);
      return (await query.execute()).map((row) => Incident.parse(row.body));
    },
  };
}
