import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import { Event } from '../../model/index.js';
import type { Actor } from '../auth/access.js';
import { authenticate } from '../auth/authenticate.js';
import { holdsSomewhere } from '../auth/limits.js';
import { AuditAnswer, AuditVerified, ObservationsAnswer, ObservationsQuery, streamTopics } from '../api/records.js';
import type { Context } from '../context.js';
import { StoreError } from '../../store/index.js';
import { ServerError } from '../errors.js';
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
    path: '/v1/audit',
    query: z.strictObject({
      before: z.coerce.number().int().optional(),
      subject: z.string().max(300).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(200),
    }),
    answer: AuditAnswer,
    handle: async ({ query, context: { store } }) => ({
      entries: (await store.audit.list(present(query))).map(({ seq, previous: _previous, detail, ...entry }) => ({
        ...entry,
        sequence: seq,
        detail: { ...detail },
      })),
    }),
  }),
  route({
    method: 'GET',
    path: '/v1/audit/verify',
    answer: AuditVerified,
    handle: async ({ context: { store, checkpoint } }) => {
      let signed: Awaited<ReturnType<typeof checkpoint.read>>;
      let unreadable: string | undefined;
      try {
        signed = await checkpoint.read();
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'malformed') throw error;
        unreadable = error.message;
      }
      const { ok, length, head, brokenAt, reason } = await store.audit.verify(signed);
      return {
        ok: ok && unreadable === undefined,
        length,
        head,
        brokenAt: brokenAt ?? null,
        reason: reason ?? unreadable ?? null,
        signedUpTo: signed?.seq ?? null,
      };
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

/** Without the keys that were not given (`exactOptionalPropertyTypes`). */
function present<T extends object>(given: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  }; // `Object.fromEntries` forgets the keys it was given
}
