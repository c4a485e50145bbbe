import { z } from 'zod';
import { ServiceName } from '../../model/index.js';
import { CoverageAnswer, HostsAnswer, ServicesAnswer, SocketsAnswer } from '../api/coverage.js';
import { MapAnswer } from '../api/map.js';
import { WorkloadsAnswer } from '../api/status.js';
import type { Context } from '../context.js';
import { ensureService } from '../services.js';
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
    body: z.strictObject({ service: ServiceName, hosts: z.array(z.string().max(253)).max(1_000).optional() }),
    answer: z.strictObject({ service: ServiceName, version: z.int() }),
    handle: async ({ body, context, actor }) => {
      const active = await context.changes.transact((tx, note) =>
        ensureService(tx, note, {
          service: body.service,
          by: actor.account,
          at: context.clock.now(),
          ...(body.hosts === undefined ? {} : { hosts: body.hosts }),
        }),
      );
      return { service: body.service, version: active.version };
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
