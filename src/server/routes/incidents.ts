import { z } from 'zod';
import {
  type Action,
  type Incident,
  incidentStates,
  type Observation,
  ServiceName,
  Severity,
} from '../../model/index.js';
import { ActionsAnswer, ActionsQuery, ApplyRequest, PlanRequest } from '../api/actions.js';
import { IncidentAnswer, IncidentStateRequest, IncidentsAnswer } from '../api/incidents.js';
import { applyAction, noAction, planForIncident, planForService, undoAction } from '../actions.js';
import type { Actor } from '../auth/access.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { type Route, route } from '../http/route.js';
import { reachOf, requireAll, requireService } from '../reach.js';
import type { Repositories } from '../../store/index.js';
import { actionRow } from '../views/actions.js';
import { evidenceRow } from '../views/evidence.js';
import { gapsAround } from '../gaps.js';
import { incidentRow, incidentView } from '../views/incident.js';

type Reading = Pick<Repositories, 'actions' | 'incidents' | 'services'>;

const IncidentId = z.strictObject({ id: z.string().regex(/^INC-[0-9]{1,15}$/) });

export const incidentRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/incidents',
    query: z.strictObject({
      state: z.enum(incidentStates).optional(),
      severity: Severity.optional(),
      service: ServiceName.optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      before: z
        .string()
        .regex(/^INC-[0-9]{1,15}$/)
        .optional(),
    }),
    answer: IncidentsAnswer,
    handle: async ({ query, context: { store }, actor }) => {
      const reach = await reachOf(store, actor, 'incident.read');
      const all = await store.incidents.list({
        limit: 10_000,
        ...(query.state === undefined ? {} : { state: query.state }),
        ...(query.service === undefined ? {} : { service: query.service }),
      });
      const wanted = all.filter(
        ({ severity, services }) =>
          (query.severity === undefined || severity === query.severity) && reach.some(services),
      );
      const start = query.before === undefined ? 0 : wanted.findIndex(({ id }) => id === query.before) + 1;
      const page = wanted.slice(start, start + query.limit);
      const more = start + query.limit < wanted.length;
      return { incidents: page.map(incidentRow), next: more ? (page.at(-1)?.id ?? null) : null };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/incidents/:id',
    params: IncidentId,
    answer: IncidentAnswer,
    handle: async ({ params, context: { store }, actor }) => {
      const incident = await incidentFor(store, actor, params.id);
      const [actions, evidence, active, gaps] = await Promise.all([
        store.actions.list({ incident: params.id, limit: 1_000 }),
        store.evidence.list({ incident: params.id }),
        store.contracts.allActive(),
        gapsAround(store, incident.firstAt, incident.lastAt),
      ]);
      const observations = new Map<string, Observation>();
      for (const { observation, at } of incident.signals.slice(0, 200)) {
        const found = await store.observations.get(observation, at);
        if (found !== undefined) observations.set(found.id, found);
      }
      return incidentView({
        incident,
        actions,
        evidence: evidence.map((record) => evidenceRow(record, undefined)),
        observations,
        gaps,
        active: new Map(active.map((version) => [version.service, version])),
      });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/incidents/:id/state',
    params: IncidentId,
    body: IncidentStateRequest,
    answer: z.strictObject({ id: z.string(), state: z.enum(incidentStates) }),
    handle: async ({ params: { id }, body, context, actor }) =>
      context.changes.transact(async (tx, note) => {
        const { services } = await incidentFor(tx, actor, id);
        await requireAll(tx, actor, 'incident.decide', services);
        const { state, containedAt } = await tx.incidents.update(id, (incident) => ({
          ...incident,
          state: body.state,
        }));
        const detail = { reason: body.reason };
        await tx.audit.append({ actor: actor.account, action: `incident.${body.state}`, subject: id, detail });
        note.decide({ id, state, containedAt });
        note.tell('incidents', id, body.state);
        return { id, state };
      }),
  }),
  route({
    method: 'GET',
    path: '/v1/actions',
    query: ActionsQuery,
    answer: ActionsAnswer,
    handle: async ({ query, context: { store }, actor }) => {
      const reach = await reachOf(store, actor, 'incident.read');
      const actions = await store.actions.list({
        limit: 10_000,
        ...(query.incident === undefined ? {} : { incident: query.incident }),
        ...(query.service === undefined ? {} : { service: query.service }),
      });
      return { actions: actions.filter(({ service }) => reach.has(service)).map(actionRow) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/actions/plan',
    body: PlanRequest,
    answer: ActionsAnswer,
    handle: async ({ body, context, actor }) => {
      const planned = await context.changes.transact(async (tx, note) => {
        const inside = { tx, note, ...doing(context, actor.account) };
        if ('service' in body) {
          await requireService(tx, actor, 'respond.plan', body.service);
          if (body.incident !== undefined) await incidentFor(tx, actor, body.incident);
          return planForService(inside, { service: body.service, kinds: body.kinds, incident: body.incident ?? null });
        }
        await incidentFor(tx, actor, body.incident);
        const plan = await planForIncident(inside, body.incident);
        await requireAll(tx, actor, 'respond.plan', servicesOf(plan));
        return plan;
      });
      return { actions: planned.map(actionRow) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/actions/apply',
    body: ApplyRequest,
    answer: ActionsAnswer,
    handle: async ({ body, context, actor }) => {
      const applied = await context.changes.transact(async (tx, note) => {
        const done = [];
        for (const id of new Set(body.actions)) await mayAct(tx, actor, id);
        for (const id of new Set(body.actions))
          done.push(await applyAction({ tx, note, ...doing(context, actor.account) }, id));
        return done;
      });
      return { actions: applied.map(actionRow) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/actions/:id/undo',
    params: z.strictObject({ id: z.string().max(96) }),
    answer: ActionsAnswer,
    handle: async ({ params, context, actor }) => {
      const back = await context.changes.transact(async (tx, note) => {
        await mayAct(tx, actor, params.id);
        return undoAction({ tx, note, ...doing(context, actor.account) }, params.id);
      });
      return { actions: [actionRow(back)] };
    },
  }),
];

function doing(context: Context, by: string): { by: string; at: number; trustDomain: string } {
  return { by, at: context.clock.now(), trustDomain: context.config.trustDomain };
}

/** Whoever may know of one of its services reads the whole story. @throws ServerError `not-found` */
async function incidentFor(tx: Reading, actor: Actor, id: string): Promise<Incident> {
  const [incident, reach] = await Promise.all([tx.incidents.get(id), reachOf(tx, actor, 'incident.read')]);
  if (incident === undefined || !reach.some(incident.services)) throw noIncident(id);
  return incident;
}

/** @throws ServerError `not-found`, `forbidden` */
async function mayAct(tx: Reading, actor: Actor, id: string): Promise<void> {
  const [action, reach] = await Promise.all([tx.actions.get(id), reachOf(tx, actor, 'incident.read')]);
  if (action === undefined || !reach.has(action.service)) throw noAction(id);
  await requireAll(tx, actor, 'respond.apply', [action.service]);
}

function servicesOf(plan: readonly Action[]): string[] {
  return [...new Set(plan.map(({ service }) => service))];
}

function noIncident(id: string): ServerError {
  return new ServerError('not-found', `there is no incident \`${id}\``, {
    hint: 'list them with `tricordon incidents list`',
  });
}
