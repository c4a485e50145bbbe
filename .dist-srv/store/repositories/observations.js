/** Observations: appended in batches, idempotent on the id, in daily partitions that are dropped, never emptied row by row. */
import { sql } from 'kysely';
import { Observation } from '../../model/index.js';
import { StoreError } from '../store-error.js';
import { columnText, limitOf } from './rows.js';
const DAY = 86_400_000;
export function observationRepository({ db, clock }) {
    const matching = (filter) => {
        let query = db.selectFrom('observations');
        if (filter.service !== undefined)
            query = query.where('service', '=', filter.service);
        if (filter.workload !== undefined)
            query = query.where('workload', '=', filter.workload);
        if (filter.host !== undefined)
            query = query.where('host', '=', filter.host);
        if (filter.layer !== undefined)
            query = query.where('layer', '=', filter.layer);
        if (filter.kind !== undefined)
            query = query.where('kind', '=', filter.kind);
        if (filter.since !== undefined)
            query = query.where('at', '>=', filter.since);
        if (filter.until !== undefined)
            query = query.where('at', '<', filter.until);
        return query;
    };
    return {
        insert: async (batch) => {
            if (batch.length === 0)
                return [];
            const text = (pick) => batch.map((row) => {
                const value = pick(row);
                return value === null ? null : columnText(value);
            });
            // One prepared statement for any batch size.
            const done = await sql `
        insert into observations (day, id, at, host, service, workload, layer, kind, body)
        select * from unnest(
          ${text((row) => dayOf(row.at))}::date[], ${text((row) => row.id)}::text[], ${batch.map((row) => row.at)}::float8[],
          ${text((row) => row.host)}::text[], ${text((row) => row.service)}::text[], ${text((row) => row.workload)}::text[],
          ${batch.map((row) => row.layer)}::text[], ${batch.map((row) => row.event.kind)}::text[],
          ${batch.map((row) => JSON.stringify(row))}::json[])
        on conflict (day, id) do nothing returning id`.execute(db);
            return done.rows.map((row) => row.id);
        },
        get: async (id, at) => {
            const row = await db
                .selectFrom('observations')
                .select('body')
                .where('day', '=', dayOf(at))
                .where('id', '=', columnText(id))
                .executeTakeFirst();
            return row && Observation.parse(row.body);
        },
        list: async (filter = {}) => (await matching(filter).select('body').orderBy('at', 'desc').orderBy('id').limit(limitOf(filter)).execute()).map((row) => Observation.parse(row.body)),
        after: async (cursor, filter = {}) => {
            const [tx, seq] = parseCursor(cursor);
            const rows = await matching(filter)
                .select(['tx', 'seq', 'body'])
                // A transaction that still runs, and all younger ones, wait: their rows could come in behind the cursor.
                .where(sql `tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint`)
                .where(sql `(tx, seq) > (${tx}::bigint, ${seq}::bigint)`)
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
            const { rows } = await sql `select pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 as tx`.execute(db);
            return `${rows[0]?.tx ?? 0}.${Number.MAX_SAFE_INTEGER}`;
        },
        count: async (filter = {}) => {
            const row = await matching(filter)
                .select((at) => at.fn.countAll().as('count'))
                .executeTakeFirst();
            return row?.count ?? 0;
        },
        maintain: async (keepDays) => {
            const today = clock.now();
            for (let ahead = -1; ahead <= 3; ahead += 1)
                await makePartition(dayOf(today + ahead * DAY), dayOf(today + (ahead + 1) * DAY));
            return dropBefore(dayOf(today - keepDays * DAY));
        },
    };
    /** Where it cannot be made (rows of that day already lie in the default partition), those rows stay there: all still works. */
    async function makePartition(from, to) {
        const name = partitionName(from);
        const found = await sql `select to_regclass(${name})::text as name`.execute(db);
        if (found.rows[0]?.name !== null)
            return;
        try {
            await db.transaction().execute(async (tx) => {
                await sql `set local lock_timeout = '2s'`.execute(tx);
                await sql
                    .raw(`create table ${name} partition of observations for values from ('${from}') to ('${to}')`)
                    .execute(tx);
            });
        }
        catch (error) {
            if (!(error instanceof StoreError) || error.code !== 'query-failed')
                throw error;
        }
    }
    async function dropBefore(day) {
        const { rows } = await sql `
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'observations'::regclass and c.relname ~ '^observations_\\d{8}$' order by 1`.execute(db);
        const old = rows.map((row) => row.name).filter((name) => name < partitionName(day));
        for (const name of old)
            await sql.raw(`drop table ${name}`).execute(db);
        await sql `delete from observations_other where day < ${day}::date`.execute(db);
        return old.map((name) => name.replace(/^observations_(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'));
    }
}
/** The UTC day; hosts with a mad clock end up at the edges, in the default partition. */
function dayOf(at) {
    const bounded = Math.min(Math.max(Number.isFinite(at) ? at : 0, 0), Date.UTC(9000, 0, 1));
    return new Date(bounded).toISOString().slice(0, 10);
}
function partitionName(day) {
    return `observations_${day.replaceAll('-', '')}`;
}
function parseCursor(cursor) {
    if (cursor === undefined)
        return [0, 0];
    const parts = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor);
    if (parts === null)
        throw new StoreError('malformed', 'this is no cursor', { hint: 'start again without one' });
    return [Number(parts[1]), Number(parts[2])];
}
