import { sql } from 'kysely';
import { Incident } from '../../model/index.js';
import { StoreError } from '../store-error.js';
import { atomically, limitOf } from './rows.js';
export function incidentRepository({ db }) {
    const save = async (tx, incident) => {
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
            const { rows } = await sql `select nextval('incident_number') as n`.execute(db);
            return `INC-${rows[0]?.n ?? 0}`;
        },
        save: (incident) => save(db, incident),
        update: (id, change) => atomically(db, async (tx) => {
            const row = await tx.selectFrom('incidents').select('body').where('id', '=', id).forUpdate().executeTakeFirst();
            if (row === undefined)
                throw new StoreError('not-found', `no incident \`${id}\``);
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
            if (filter.state !== undefined)
                query = query.where('state', 'in', [filter.state].flat());
            if (filter.service !== undefined)
                query = query.where(sql `services @> array[${filter.service}]::text[]`);
            return (await query.execute()).map((row) => Incident.parse(row.body));
        },
    };
}
