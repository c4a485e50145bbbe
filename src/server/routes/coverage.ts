import { z } from 'zod';
import { Labels, ServiceName } from '../../model/index.js';
import {
  CoverageAnswer,
  HostsAnswer,
  LabelsRequest,
  ServiceRegistered,
  ServiceRequest,
  ServicesAnswer,
  SocketsAnswer,
} from '../api/coverage.js';
import { requirePermission } from '../auth/access.js';
import { MapAnswer } from '../api/map.js';
import { WorkloadsAnswer } from '../api/status.js';
import type { Context } from '../context.js';
import { noService, reachOf, requireFor } from '../reach.js';
import { admit, ensureService, hostsOf } from '../services.js';
import { type Route, route } from '../http/route.js';
import { coverageView, hostRows, serviceRows, socketRows } from '../views/coverage.js';
import { mapView } from '../views/map.js';
import { worldOf } from '../views/within.js';

export const coverageRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/coverage',
    answer: CoverageAnswer,
    handle: async ({ context, actor }) => coverageView((await worldOf(context, actor)).world),
  }),
  route({
    method: 'GET',
    path: '/v1/hosts',
    answer: HostsAnswer,
    handle: async ({ context, actor }) => ({ hosts: hostRows((await worldOf(context, actor)).world) }),
  }),
  route({
    method: 'GET',
    path: '/v1/services',
    answer: ServicesAnswer,
    handle: async ({ context, actor }) => ({ services: serviceRows((await worldOf(context, actor)).world) }),
  }),
  route({
    method: 'POST',
    path: '/v1/services',
    body: ServiceRequest,
    answer: ServiceRegistered,
    handle: async ({ body: { service, labels, hosts, addHosts }, context, actor }) => {
      const places = hosts === undefined && addHosts === undefined ? undefined : { set: hosts, add: addHosts ?? [] };
      return context.changes.transact(async (tx, note) => {
        const by = actor.account;
        const { active, record } = await ensureService(tx, note, {
          service,
          by,
          at: context.clock.now(),
          labels,
          permit: (now, wanted) => {
            requireFor(actor, 'service.register', service, now);
            if (wanted !== undefined) requirePermission(actor, 'service.label');
          },
        });
        // Whoever may run a service gets its identity: as much as a change of its contract.
        if (places !== undefined) requireFor(actor, 'service.place', service, record.labels);
        const running = places === undefined ? await hostsOf(tx, service) : await admit(tx, service, places, by);
        return { service, labels: { ...record.labels }, version: active.version, hosts: running ?? null };
      });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/services/:service/labels',
    params: z.strictObject({ service: ServiceName }),
    body: LabelsRequest,
    answer: z.strictObject({ service: ServiceName, labels: Labels }),
    handle: async ({ params: { service }, body: { labels }, context, actor }) => {
      await context.changes.transact(async (tx, note) => {
        if ((await tx.services.get(service)) === undefined) throw noService(service);
        await tx.services.setLabels(service, labels, actor.account);
        // Bounds go by them.
        note.revise();
        note.tell('coverage', service, 'labels');
      });
      return { service, labels };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sockets',
    answer: SocketsAnswer,
    handle: async ({ context, actor }) => ({ sockets: socketRows((await worldOf(context, actor)).world) }),
  }),
  route({
    method: 'GET',
    path: '/v1/workloads',
    query: z.strictObject({ service: ServiceName.optional(), running: z.enum(['true', 'false']).optional() }),
    answer: WorkloadsAnswer,
    handle: async ({ query, context, actor }) => ({
      workloads: await context.store.workloads.list({
        limit: 1_000,
        services: (await reachOf(context.store, actor, 'status.read')).services,
        ...(query.service === undefined ? {} : { service: query.service }),
        ...(query.running === undefined ? {} : { running: query.running === 'true' }),
      }),
    }),
  }),
  route({
    method: 'GET',
    path: '/v1/map',
    query: z.strictObject({ minutes: z.coerce.number().min(1).max(60).default(5) }),
    answer: MapAnswer,
    handle: async ({ query, context, actor }) => {
      const { world, reach } = await worldOf(context, actor);
      return mapView(world, reach, context.traffic, query.minutes);
    },
  }),
];
