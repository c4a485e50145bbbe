/** Break-glass, and the sealed codes of hosts. */
import { z } from 'zod';
import { GlassId, GlassOpening, GlassRequest, HostName } from '../../model/index.js';
import { GlassAnswer, GlassCode } from '../api/glass.js';
import { requirePermission } from '../auth/access.js';
import type { Context } from '../context.js';
import { closeGlass, makeHostCode, noGlass, openGlass } from '../glass.js';
import { type Route, route } from '../http/route.js';
import { reachOf, requireAll, requireService } from '../reach.js';
import { glassWithin } from '../views/within.js';

export const glassRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/glass',
    answer: GlassAnswer,
    handle: async ({ context: { store, limits, mailer }, actor }) => {
      const reach = await reachOf(store, actor, 'status.read');
      const all = (await store.glass.list({ limit: 200 })).flatMap((one) => glassWithin(one, reach));
      const now = limits.now();
      const isOpen = (opening: GlassOpening) => opening.closed === null && opening.until > now;
      return { now, open: all.filter(isOpen), past: all.filter((one) => !isOpen(one)), unsent: mailer.unsent() };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/glass',
    body: GlassRequest,
    answer: GlassOpening,
    handle: async ({ body, context, actor }) => {
      if (body.services === null) requirePermission(actor, 'glass.break');
      for (const service of body.services ?? []) await requireService(context.store, actor, 'glass.break', service);
      return openGlass(context, body, actor.account);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/glass/:id/close',
    params: z.strictObject({ id: GlassId }),
    answer: GlassOpening,
    handle: async ({ params: { id }, context, actor }) => {
      const opening = await context.store.glass.get(id);
      const reach = await reachOf(context.store, actor, 'status.read');
      if (opening === undefined || glassWithin(opening, reach).length === 0) throw noGlass(id);
      if (opening.services === null) requirePermission(actor, 'glass.break');
      await requireAll(context.store, actor, 'glass.break', opening.services ?? []);
      return closeGlass(context, opening, actor.account);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/hosts/:host/glass-code',
    params: z.strictObject({ host: HostName }),
    answer: GlassCode,
    handle: async ({ params: { host }, context, actor }) => ({
      host,
      code: await makeHostCode(context, host, actor.account),
    }),
  }),
];
