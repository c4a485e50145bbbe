/** Break-glass, and the sealed codes of hosts. */
import { z } from 'zod';
import { GlassId, GlassOpening, GlassRequest, HostName } from '../../model/index.js';
import { GlassAnswer, GlassCode } from '../api/glass.js';
import type { Context } from '../context.js';
import { closeGlass, makeHostCode, openGlass } from '../glass.js';
import { type Route, route } from '../http/route.js';

export const glassRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/glass',
    answer: GlassAnswer,
    handle: async ({ context: { store, limits, mailer } }) => {
      const all = await store.glass.list({ limit: 200 });
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
    handle: ({ body, context, actor }) => openGlass(context, body, actor.account),
  }),
  route({
    method: 'POST',
    path: '/v1/glass/:id/close',
    params: z.strictObject({ id: GlassId }),
    answer: GlassOpening,
    handle: ({ params: { id }, context, actor }) => closeGlass(context, id, actor.account),
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
