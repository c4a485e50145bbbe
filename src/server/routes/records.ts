import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import { Event } from '../../model/index.js';
import type { Actor } from '../auth/access.js';
import { authenticate } from '../auth/authenticate.js';
import { holdsSomewhere } from '../auth/limits.js';
import { ObservationsAnswer, ObservationsQuery, streamTopics } from '../api/records.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { present } from '../http/present.js';
import { type Route, route } from '../http/route.js';
import { reachOf } from '../reach.js';
import { secureHeaders } from '../http/security-headers.js';

const recheckMs = 15_000;
const kinds = Event.options.map((option) => option.shape.kind.value);

export const recordRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/observations',
    query: ObservationsQuery,
    answer: ObservationsAnswer,
    handle: async ({ query, context: { store }, actor }) => {
      const { after, kind: wanted, ...rest } = query;
      const { services } = await reachOf(store, actor, 'observation.read');
      const kind = kinds.find((known) => known === wanted);
      if (wanted !== undefined && kind === undefined)
        throw new ServerError('invalid', 'there is no such kind of observation', {
          hint: `known are ${kinds.join(', ')}`,
        });
      const filter = { ...present(rest), services, ...(kind === undefined ? {} : { kind }) };
      if (after !== undefined) return store.observations.after(after, filter);
      // The cursor first: what comes in between is then shown twice at worst, never missed.
      const cursor = await store.observations.end();
      return { observations: await store.observations.list(filter), cursor };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/stream',
    query: z.strictObject({ topics: z.string().max(200).optional() }),
    handle: async ({ query, context, actor, request, reply }) => {
      const { live } = context;
      const wanted = query.topics === undefined ? [...streamTopics] : query.topics.split(',');
      const topics = new Set(streamTopics.filter((topic) => wanted.includes(topic)));
      if (topics.size === 0 || topics.size !== new Set(wanted).size)
        throw new ServerError('invalid', 'there is no such topic', { hint: `known are ${streamTopics.join(', ')}` });
      if (live.clients() >= live.maxClients) throw new ServerError('rate-limited', 'too many open streams');
      const cursor = request.headers['last-event-id'];
      reply.hijack();
      reply.raw.writeHead(200, {
        ...secureHeaders(),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const unlimited = actor.permissions.has('status.read');
      const sees = (now: Actor) =>
        unlimited ? now.permissions.has('status.read') : holdsSomewhere(now, 'status.read');
      // A right that was taken away ends here too, not only where something is asked anew.
      const look = setInterval(() => {
        authenticate(context, request).then(
          (now) => sees(now) || reply.raw.end(),
          (error: unknown) => codeOf(error) === 'unauthenticated' && reply.raw.end(),
        );
      }, recheckMs);
      reply.raw.on('close', () => clearInterval(look));
      live.attach(reply.raw, {
        topics,
        bare: !unlimited,
        lastEventId: typeof cursor === 'string' ? cursor : undefined,
        until: actor.expiresAt,
      });
      return undefined;
    },
  }),
];
