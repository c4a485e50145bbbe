/** Measures what is stored, lets go of what is over its limits, and keeps the count of what went. */
import { sql } from 'kysely';
import { Incident } from '../../model/index.js';
import type { Database } from '../database/schema.js';
import { type Chunk, type Kind, kinds, type Limit, nextStep, type Step } from '../retention/order.js';
import { dayOf, observationTables } from './observation-tables.js';
import { columnText, type Ground } from './rows.js';

const DAY = 86_400_000;

export interface Usage {
  readonly bytes: number;
  /** Time of the oldest row; null when there is none. */
  readonly oldest: number | null;
}

/** What went, of one store, for one reason. */
export interface Drop {
  readonly store: string;
  readonly reason: string;
  readonly rows: number;
  readonly bytes: number;
  readonly since: number;
  readonly until: number;
}

export interface Kept {
  readonly rows: number;
  readonly bytes: number;
  /** What open incidents refer to is alone more than the quota. */
  readonly pinnedOver: boolean;
}

export interface RetentionRepository {
  /** Measured by the database: partitions with their indexes. */
  bytes(kind: Kind): Promise<number>;
  usage(kind: Kind): Promise<Usage>;
  /** Size of other tables with their indexes. */
  tableBytes(tables: readonly string[]): Promise<Readonly<Record<string, number>>>;
  /**
   * Lets go until the kind is within its limits; what incidents that are not closed refer to stays. `short`: for want of
   * room on the disk, until there is enough.
   */
  keep(kind: Kind, limit: Limit, short?: { readonly enough: () => boolean }): Promise<Kept>;
  /** What waits in the queues, as stored. */
  queued(): Promise<{ readonly messages: number; readonly bytes: number }>;
  /** Keeps the newest dead letters; returns how many went. */
  sweepDead(most: number): Promise<number>;
  /** Old rows without a partition of their own. */
  sweepStrays(kind: Kind, days: number): Promise<number>;
  note(drops: readonly Drop[]): Promise<void>;
  /** Everything that ever went, by store and reason. */
  totals(): Promise<Drop[]>;
  /** What went of a span of time; what a mad clock dated is of no time. */
  gaps(since: number, until: number): Promise<Drop[]>;
}

export function retentionRepository({ db, clock }: Ground): RetentionRepository {
  const chunksOf = async (kind: Kind) =>
    (await measure(db)).filter((chunk) => kinds[kind].some((table) => table === chunk.table));
  const bytes = async (kind: Kind) => (await chunksOf(kind)).reduce((sum, chunk) => sum + chunk.bytes, 0);
  const note = (drops: readonly Drop[]) => noteIn(db, drops, clock.now());
  return {
    bytes,
    usage: async (kind) => {
      let oldest: number | null = null;
      for (const table of kinds[kind]) {
        const row = await db
          .selectFrom(table)
          .select((at) => at.fn.min<number | null>('at').as('at'))
          .executeTakeFirst();
        if (typeof row?.at === 'number') oldest = Math.min(oldest ?? row.at, row.at);
      }
      return { bytes: await bytes(kind), oldest };
    },
    tableBytes: async (tables) => {
      const { rows } = await sql<{ name: string; bytes: number }>`
        select name, pg_total_relation_size(name::regclass) as bytes from unnest(${[...tables]}::text[]) name`.execute(
        db,
      );
      return Object.fromEntries(rows.map((row) => [row.name, row.bytes]));
    },
    queued: async () => {
      const { rows } = await sql<{ messages: number; bytes: number }>`
        select count(*) as messages, coalesce(sum(pg_column_size(body)), 0)::bigint as bytes
        from bus_messages where not dead`.execute(db);
      return rows[0] ?? { messages: 0, bytes: 0 };
    },
    sweepDead: async (most) => {
      const done = await sql`
        delete from bus_messages where dead and id <= (
          select id from bus_messages where dead order by id desc offset ${most} limit 1)`.execute(db);
      return Number(done.numAffectedRows ?? 0n);
    },
    keep: async (kind, limit, short) => {
      const days = { today: dayOf(clock.now()), oldest: dayOf(clock.now() - limit.days * DAY) };
      const done = new Set<string>();
      const gone = { rows: 0, bytes: 0 };
      let pins: string[] | undefined;
      for (;;) {
        const step = nextStep(kind, await chunksOf(kind), { ...limit, ...days }, done);
        if (step === undefined || short?.enough() === true) break;
        pins ??= await pinned(db);
        const reason = short === undefined ? step.reason : 'disk';
        const drops = await carryOut(db, kind, { ...step, reason }, pins, clock.now());
        done.add(step.chunk.name);
        for (const drop of drops) {
          gone.rows += drop.rows;
          gone.bytes += drop.bytes;
        }
      }
      return { ...gone, pinnedOver: (await bytes(kind)) > limit.bytes };
    },
    sweepStrays: async (kind, days) => {
      const before = dayOf(clock.now() - days * DAY);
      let rows = 0;
      for (const table of kinds[kind]) {
        const stray = `${table}_other`;
        const { rows: found } = await sql.raw(`select 1 from ${stray} where day < '${before}' limit 1`).execute(db);
        if (found.length === 0) continue;
        const pins = await pinned(db);
        await db.transaction().execute(async (tx) => {
          const going = sql`day < ${before}::date and not (id = any(${pins}::text[]))`;
          const drops = await countByDay(tx, stray, going, { store: kind, reason: 'age' }, clock.now());
          await sql`delete from ${sql.table(stray)} where ${going}`.execute(tx);
          await noteIn(tx, drops, clock.now());
          rows += drops.reduce((sum, drop) => sum + drop.rows, 0);
        });
      }
      return rows;
    },
    note,
    totals: async () => {
      const { rows } = await sql<Drop>`
        select store, reason, sum(rows)::bigint as rows, sum(bytes)::bigint as bytes, min(from_at) as since,
          max(to_at) as until from retention_drops group by store, reason order by store, reason`.execute(db);
      return rows;
    },
    gaps: async (since, until) => {
      const { rows } = await sql<Drop>`
        select store, reason, rows, bytes, from_at as since, to_at as until from retention_drops
        where to_at >= ${since} and from_at <= ${until} and to_at - from_at < ${2 * DAY} order by from_at limit 100`.execute(
        db,
      );
      return rows;
    },
  };
}

async function measure(db: Database): Promise<Chunk[]> {
  const { rows } = await sql<{ table: Chunk['table']; name: string; bytes: number }>`
    select inhparent::regclass::text as table, inhrelid::regclass::text as name,
      coalesce(pg_total_relation_size(inhrelid), 0) as bytes
    from pg_inherits where inhparent = any(${[...observationTables]}::regclass[])`.execute(db);
  return rows.map((row) => {
    const day = /_(\d{4})(\d\d)(\d\d)$/.exec(row.name);
    return { ...row, day: day === null ? null : `${day[1]}-${day[2]}-${day[3]}` };
  });
}

/** INVARIANT: what an incident that is not closed refers to never goes. */
async function pinned(db: Database): Promise<string[]> {
  const ids = new Set<string>();
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom('incidents')
      .select(['id', 'body'])
      .where('state', '<>', 'closed')
      .where('id', '>', after)
      .orderBy('id')
      .limit(200)
      .execute();
    for (const row of rows) {
      after = row.id;
      for (const signal of Incident.parse(row.body).signals) ids.add(columnText(signal.observation));
    }
    if (rows.length === 0) return [...ids];
  }
}

/**
 * A partition is dropped, or emptied and filled again with what stays: both give its space back at once, which deleting
 * does not. Writers to this one partition wait meanwhile.
 */
async function carryOut(
  db: Database,
  kind: Kind,
  { chunk, reason, keepBytes }: Omit<Step, 'reason'> & { readonly reason: string },
  pins: readonly string[],
  now: number,
): Promise<Drop[]> {
  return db.transaction().execute(async (tx) => {
    await sql`set local lock_timeout = '2s'`.execute(tx);
    const table = sql.table(chunk.name);
    const whole = chunk.day !== null && keepBytes === 0;
    // Writers lock the whole before its part: so do we, or each would wait for the other.
    await sql`lock table ${whole ? sql.table(chunk.table) : table} in access exclusive mode`.execute(tx);
    const newest = keepBytes === 0 ? undefined : await newestFrom(tx, chunk, keepBytes);
    const stays =
      newest === undefined
        ? sql`id = any(${[...pins]}::text[])`
        : sql`((tx, seq) > (${newest.tx}::bigint, ${newest.seq}::bigint) or id = any(${[...pins]}::text[]))`;
    const counted = await countByDay(tx, chunk.name, sql`not ${stays}`, { store: kind, reason }, now);
    if (counted.length === 0 && !whole) return [];
    await sql`create temp table staying on commit drop as select * from ${table} where ${stays}`.execute(tx);
    if (whole) {
      await sql`alter table ${sql.table(chunk.table)} detach partition ${table}`.execute(tx);
      await sql`drop table ${table}`.execute(tx);
      // Without a partition of its day, a row lies in the default one.
      await sql`insert into ${sql.table(chunk.table)} select * from staying`.execute(tx);
    } else {
      await sql`truncate ${table}`.execute(tx);
      await sql`insert into ${table} select * from staying`.execute(tx);
    }
    const freed = chunk.bytes - (whole ? 0 : await sizeOf(tx, chunk.name));
    const rows = counted.reduce((sum, drop) => sum + drop.rows, 0);
    const drops = counted.map((drop) => ({ ...drop, bytes: Math.max(0, Math.round((freed * drop.rows) / rows)) }));
    await noteIn(tx, drops, now);
    return drops;
  });
}

async function sizeOf(db: Database, name: string): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select pg_total_relation_size(${name}::regclass) as bytes`.execute(db);
  return rows[0]?.bytes ?? 0;
}

/** The last row that goes, when as many of the newest stay as fit; in the order of arrival, which no host's clock changes. */
async function newestFrom(db: Database, { name, bytes }: Chunk, keepBytes: number) {
  const { rows: counted } = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db);
  const stay = Math.floor(((counted[0]?.n ?? 0) * keepBytes) / Math.max(1, bytes));
  const { rows } = await sql<{ tx: number; seq: number }>`
    select tx, seq from ${sql.table(name)} order by tx desc, seq desc offset ${stay} limit 1`.execute(db);
  return rows[0] ?? { tx: 0, seq: 0 };
}

/** Days that no honest clock tells are one. */
async function countByDay(
  db: Database,
  table: string,
  going: ReturnType<typeof sql>,
  of: { readonly store: string; readonly reason: string },
  now: number,
): Promise<Drop[]> {
  const { rows } = await sql<{ rows: number; since: number; until: number }>`
    select count(*) as rows, min(at) as since, max(at) as until from ${sql.table(table)} where ${going}
    group by case when day between ${dayOf(now - 400 * DAY)}::date and ${dayOf(now + 4 * DAY)}::date
      then day end`.execute(db);
  return rows.map((row) => ({ ...of, ...row, bytes: 0 }));
}

async function noteIn(db: Database, drops: readonly Drop[], now: number): Promise<void> {
  for (const drop of drops) {
    await sql`
      insert into retention_drops as d (store, reason, day, from_at, to_at, rows, bytes, dropped_at)
      values (${drop.store}, ${drop.reason}, ${dayOf(drop.since)}::date, ${drop.since}, ${drop.until}, ${drop.rows},
        ${drop.bytes}, ${now})
      on conflict (store, reason, day) do update set from_at = least(d.from_at, excluded.from_at),
        to_at = greatest(d.to_at, excluded.to_at), rows = d.rows + excluded.rows, bytes = d.bytes + excluded.bytes,
        dropped_at = excluded.dropped_at`.execute(db);
  }
}
