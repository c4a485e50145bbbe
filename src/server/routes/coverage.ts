import { z } from 'zod';
import { ServiceName } from '../../model/index.js';
import {
  CoverageAnswer,
  HostsAnswer,
  ServiceRegistered,
  ServiceRequest,
  ServicesAnswer,
  SocketsAnswer,
} from '../api/coverage.js';
import { requirePermission } from '../auth/access.js';
import { MapAnswer } from '../api/map.js';
import { WorkloadsAnswer } from '../api/status.js';
import type { Context } from '../context.js';
import { admit, ensureService, hostsOf } from '../services.js';
import { type Route, route } from '../http/route.js';
import { coverageView, hostRows, serviceRows, socketRows } from '../views/coverage.js';
import { loadWorld } from '../views/load-world.js';
import { mapView } from '../views/map.js';

export const coverageRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/coverage',
    answer: CoverageAnswer,
    handle: async ({ context }) => coverageView(await loadWorld(context)),
  }),
  route({
    method: 'GET',
    path: '/v1/hosts',
    answer: HostsAnswer,
    handle: async ({ context }) => ({ hosts: hostRows(await loadWorld(context)) }),
  }),
  route({
    method: 'GET',
    path: '/v1/services',
    answer: ServicesAnswer,
    handle: async ({ context }) => ({ services: serviceRows(await loadWorld(context)) }),
  }),
  route({
    method: 'POST',
    path: '/v1/services',
    body: ServiceRequest,
    answer: ServiceRegistered,
    handle: async ({ body: { service, hosts, addHosts }, context, actor }) => {
      const places = hosts === undefined && addHosts === undefined ? undefined : { set: hosts, add: addHosts ?? [] };
      // Whoever may run a service gets its identity: as much as a change of its contract.
      if (places !== undefined) requirePermission(actor, 'service.place');
      return context.changes.transact(async (tx, note) => {
        const by = actor.account;
        const active = await ensureService(tx, note, { service, by, at: context.clock.now() });
        const running = places === undefined ? await hostsOf(tx, service) : await admit(tx, service, places, by);
        return { service, version: active.version, hosts: running ?? null };
      });
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sockets',
    answer: SocketsAnswer,
    handle: async ({ context }) => ({ sockets: socketRows(await loadWorld(context)) }),
  }),
  route({
    method: 'GET',
    path: '/v1/workloads',
    query: z.strictObject({ service: ServiceName.optional(), running: z.enum(['true', 'false']).optional() }),
    answer: WorkloadsAnswer,
    handle: async ({ query, context }) => ({
      workloads: await context.store.workloads.list({
        limit: 1_000,
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
    handle: async ({ query, context }) => mapView(await loadWorld(context), context.traffic, query.minutes),
  }),
];
