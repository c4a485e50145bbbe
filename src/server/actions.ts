/** Containment, from plan to result. What agents do is handed to them by state; what is ours is done in the transaction. */
import { randomBytes } from 'node:crypto';
import { codeOf } from '../base/index.js';
import { type Action, type ActionKind, serviceId } from '../model/index.js';
import { actionOf, planResponse, undoOf } from '../respond/index.js';
import type { Repositories } from '../store/index.js';
import { revokedIdentities, revokedKey } from './agents/workloads.js';
import type { Note } from './changes.js';
import { changeMode } from './contracts.js';
import { ServerError } from './errors.js';
import { callersFault } from './http/problem.js';
import { noService } from './reach.js';

export interface ActionContext {
  readonly tx: Repositories;
  readonly note: Note;
  readonly by: string;
  readonly at: number;
  readonly trustDomain: string;
}

/** Once one of these is done, and none waits, an incident is contained. */
const containing: ReadonlySet<ActionKind> = new Set<ActionKind>(['pause', 'isolate', 'kill']);
const pending: readonly Action['status'][] = ['approved', 'running'];

export async function applyAction(context: ActionContext, id: string): Promise<Action> {
  const { tx, note, by, at } = context;
  const action = await tx.actions.get(id);
  if (action === undefined) throw noAction(id);
  if (pending.includes(action.status) || action.status === 'done') return action; // asked twice
  if (action.status !== 'planned' && action.status !== 'failed')
    throw new ServerError('conflict', `this action is ${action.status}`);
  if (actionOf(action.kind).scope === 'service') return doOurs(context, action);
  if (action.host === null) {
    return tx.actions.update(id, by, (now) => ({
      ...now,
      status: 'unavailable',
      finishedAt: at,
      detail: 'no host runs it',
    }));
  }
  // Peers refuse a service cut off from the very revision that tells its host to do so.
  if (action.kind === 'isolate') await setIsolated(context, action.service, true);
  if (action.kind === 'rejoin') await rejoin(context, action.service);
  note.revise();
  note.tell('actions', id, 'approved');
  return tx.actions.update(id, by, (now) => ({
    ...now,
    status: 'approved',
    requestedBy: by,
    requestedAt: at,
    finishedAt: null,
  }));
}

export function noAction(id: string): ServerError {
  return new ServerError('not-found', `there is no action \`${id}\``);
}

/** The new action that goes back on one that is done. */
export async function undoAction(context: ActionContext, id: string): Promise<Action> {
  const { tx, by, at } = context;
  const done = await tx.actions.get(id);
  if (done === undefined) throw noAction(id);
  const back = taken(done, { requestedBy: by, now: at, newId: actionIds(at) });
  await tx.actions.insert(back);
  return applyAction(context, back.id);
}

/** What an agent says about an action of its host. Saying it again changes nothing. */
export async function takeResult(
  context: ActionContext,
  id: string,
  host: string,
  result: { status: 'running' | 'done' | 'failed' | 'unavailable'; detail: string },
): Promise<Action> {
  const { tx, note, by, at } = context;
  const action = await tx.actions.get(id);
  if (action === undefined) throw noAction(id);
  if (action.host !== host) throw new ServerError('foreign-host', 'this action is for another host');
  if (!pending.includes(action.status)) return action;
  const finishedAt = result.status === 'running' ? null : at;
  const updated = await tx.actions.update(id, by, (now) => ({
    ...now,
    status: result.status,
    detail: result.detail,
    finishedAt,
  }));
  note.tell('actions', id, result.status);
  if (result.status === 'running') return updated;
  note.revise();
  if (result.status === 'done') await settle(context, updated);
  else if (action.kind === 'isolate' && action.status !== 'done')
    note.tell('workloads', action.service, 'not isolated by its host');
  await markContained(context, updated);
  return updated;
}

/** What would be done about an incident: the plan that exists already, or a new one. */
export async function planForIncident(context: ActionContext, incidentId: string): Promise<Action[]> {
  const { tx, note, by, at } = context;
  const incident = await tx.incidents.get(incidentId);
  if (incident === undefined) throw new ServerError('not-found', `there is no incident \`${incidentId}\``);
  const before = await tx.actions.list({ incident: incidentId });
  const workloads = await tx.workloads.list({ running: true, limit: 10_000 });
  const plan = planResponse({ incident, workloads, end: 'restart', requestedBy: by, now: at, newId: actionIds(at) });
  for (const step of plan) {
    const known = before.some(
      ({ kind, service, workload }) => kind === step.kind && service === step.service && workload === step.workload,
    );
    if (!known) await tx.actions.insert(step);
  }
  note.tell('actions', incidentId, 'planned');
  return tx.actions.list({ incident: incidentId });
}

/** Chosen steps for a service, one per running workload where a host does them. */
export async function planForService(
  context: ActionContext,
  request: { service: string; kinds: readonly ActionKind[]; incident: string | null },
): Promise<Action[]> {
  const { tx, note, by, at } = context;
  if ((await tx.services.get(request.service)) === undefined) throw noService(request.service);
  const running = await tx.workloads.list({ service: request.service, running: true });
  const plan: Action[] = [];
  const newId = actionIds(at);
  for (const kind of request.kinds) {
    const { scope, undo } = actionOf(kind);
    for (const one of scope === 'service' ? [null] : running) {
      plan.push({
        id: newId(),
        incident: request.incident,
        kind,
        service: request.service,
        workload: one?.id ?? null,
        host: one?.host ?? null,
        status: 'planned',
        undo,
        requestedBy: by,
        requestedAt: at,
        finishedAt: null,
        detail: '',
      });
    }
  }
  for (const step of plan) await tx.actions.insert(step);
  note.tell('actions', request.service, 'planned');
  return plan;
}

function taken(done: Action, by: Parameters<typeof undoOf>[1]): Action {
  try {
    return undoOf(done, by);
  } catch (error) {
    if (codeOf(error) === 'not-undoable') throw callersFault('conflict', error);
    throw error;
  }
}

/** Ids that sort in the order in which they are given: the order in which the steps are carried out. */
export function actionIds(at: number): () => string {
  let given = 0;
  const time = Math.floor(at).toString(36).padStart(9, '0');
  return () => `act-${time}-${(given++).toString(36).padStart(3, '0')}-${randomBytes(6).toString('hex')}`;
}

async function doOurs(context: ActionContext, action: Action): Promise<Action> {
  const { tx, note, by, at, trustDomain } = context;
  let detail: string;
  if (action.kind === 'revoke') {
    const identity = serviceId(trustDomain, action.service);
    // A `revoke` that nothing takes back is itself the way back (respond's `undoOf`).
    if (action.undo === null) {
      await reinstate(context, identity);
      detail = `${identity} is accepted again`;
    } else {
      await tx.settings.put(revokedKey, [...new Set([...(await revokedIdentities(tx)), identity])]);
      detail = `${identity} is refused everywhere; live connections are drained`;
    }
  } else {
    const mode = { runtime: 'enforce', network: 'enforce', api: 'enforce' } as const;
    const reason = action.incident ?? 'containment';
    const version = await changeMode(tx, note, { service: action.service, mode, by, reason });
    detail = `contract v${version.version}`;
  }
  note.revise();
  note.tell('actions', action.id, 'done');
  return tx.actions.update(action.id, by, (now) => ({
    ...now,
    status: 'done',
    requestedBy: by,
    requestedAt: at,
    finishedAt: at,
    detail,
  }));
}

/** What follows from a step that a host has done. */
async function settle(context: ActionContext, action: Action): Promise<void> {
  const { tx, note } = context;
  const states: Partial<Record<ActionKind, 'paused' | 'running' | 'isolated'>> = {
    pause: 'paused',
    resume: 'running',
    isolate: 'isolated',
    rejoin: 'running',
  };
  const state = states[action.kind];
  const workload = action.workload === null ? undefined : await tx.workloads.get(action.workload);
  if (state !== undefined && workload !== undefined && workload.endedAt === null && workload.host === action.host) {
    await tx.workloads.save({ ...workload, state });
    note.tell('workloads', workload.id, state);
  }
  // Clean code runs again: what was taken from the old is given back to the new.
  if (action.kind === 'restart') await rejoin(context, action.service);
}

async function rejoin(context: ActionContext, service: string): Promise<void> {
  await setIsolated(context, service, false);
  await reinstate(context, serviceId(context.trustDomain, service));
}

async function reinstate({ tx, by }: ActionContext, identity: string): Promise<void> {
  const revoked = await revokedIdentities(tx);
  if (!revoked.includes(identity)) return;
  await tx.settings.put(
    revokedKey,
    revoked.filter((id) => id !== identity),
  );
  await tx.audit.append({ actor: by, action: 'identity.reinstate', subject: identity, detail: {} });
}

async function setIsolated({ tx, note, by }: ActionContext, service: string, isolated: boolean): Promise<void> {
  const known = await tx.services.get(service);
  if (known === undefined || known.isolated === isolated) return;
  await tx.services.setIsolated(service, isolated, by);
  note.tell('workloads', service, isolated ? 'isolated' : 'rejoined');
}

async function markContained({ tx, note, at, by }: ActionContext, action: Action): Promise<void> {
  if (action.incident === null || !containing.has(action.kind)) return;
  const steps = (await tx.actions.list({ incident: action.incident })).filter(({ kind }) => containing.has(kind));
  if (steps.some(({ status }) => pending.includes(status)) || !steps.some(({ status }) => status === 'done')) return;
  const incident = await tx.incidents.get(action.incident);
  if (incident === undefined || incident.containedAt !== null) return;
  const { state } = await tx.incidents.update(action.incident, (now) => ({
    ...now,
    containedAt: at,
    state: now.state === 'open' ? 'contained' : now.state,
  }));
  note.decide({ id: action.incident, state, containedAt: at });
  await tx.audit.append({ actor: by, action: 'incident.contained', subject: action.incident, detail: {} });
  note.tell('incidents', action.incident, 'contained');
}
