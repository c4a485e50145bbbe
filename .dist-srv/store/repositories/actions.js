/** Containment steps. Each new one and each change of status is audited in the same transaction. */
import { Action } from '../../model/index.js';
import { StoreError } from '../store-error.js';
import { atomically, columnText, limitOf } from './rows.js';
export function actionRepository({ db }, auditIn) {
    const note = (tx, actor, action) => auditIn(tx).append({
        actor,
        action: `action.${action.status}`,
        subject: action.id,
        detail: {
            kind: action.kind,
            service: action.service,
            workload: action.workload,
            incident: action.incident,
            detail: action.detail,
        },
    });
    return {
        insert: (action) => atomically(db, async (tx) => {
            const done = await tx
                .insertInto('actions')
                .values({ id: columnText(action.id), ...columns(action) })
                .onConflict((conflict) => conflict.column('id').doNothing())
                .executeTakeFirst();
            if (done.numInsertedOrUpdatedRows === 1n)
                await note(tx, action.requestedBy, action);
        }),
        update: (id, by, change) => atomically(db, async (tx) => {
            const row = await tx
                .selectFrom('actions')
                .select('body')
                .where('id', '=', columnText(id))
                .forUpdate()
                .executeTakeFirst();
            if (row === undefined)
                throw new StoreError('not-found', `no action \`${id}\``);
            const before = Action.parse(row.body);
            const next = { ...change(before), id: before.id };
            await tx.updateTable('actions').set(columns(next)).where('id', '=', columnText(id)).execute();
            if (next.status !== before.status)
                await note(tx, by, next);
            return next;
        }),
        get: async (id) => {
            const row = await db.selectFrom('actions').select('body').where('id', '=', columnText(id)).executeTakeFirst();
            return row && Action.parse(row.body);
        },
        list: async (filter = {}) => {
            let query = db.selectFrom('actions').select('body').orderBy('requested_at').orderBy('id').limit(limitOf(filter));
            if (filter.incident !== undefined)
                query = query.where('incident', '=', filter.incident);
            if (filter.service !== undefined)
                query = query.where('service', '=', filter.service);
            if (filter.host !== undefined)
                query = query.where('host', '=', filter.host);
            if (filter.status !== undefined)
                query = query.where('status', 'in', [filter.status].flat());
            return (await query.execute()).map((row) => Action.parse(row.body));
        },
    };
}
function columns(action) {
    const { incident, service, host, status } = action;
    return { incident, service, host, status, requested_at: action.requestedAt, body: JSON.stringify(action) };
}
