import { exposition, expositionFor, expositionType } from '../../base/index.js';
import type { Context } from '../context.js';
import { type Route, route } from '../http/route.js';
import { collectMetrics } from '../metrics/collect.js';

export const metricsRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/metrics',
    handle: async ({ context, request, reply }) => {
      const format = expositionFor(request.headers.accept);
      void reply
        .header('content-type', expositionType[format])
        .header('cache-control', 'no-store')
        .send(exposition(await collectMetrics(context), format));
      return undefined;
    },
  }),
];
