/** The listener for agents: mutual TLS; only enrolment comes without a certificate. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import { agentProtocol } from '../../model/index.js';
import type { Actor } from '../auth/access.js';
import { databaseDisk } from '../config.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { createApp } from '../http/app.js';
import { rateLimit } from '../http/rate-limit.js';
import { type Asking, checkSerial, peerOf } from './peer.js';
import { agentContext, agentRoutes, enrolPath } from './routes.js';
import { shown, spokenBy } from './spoken.js';

/** Of one source. */
export const enrolRate = { burst: 20, perMinute: 20 } as const;

const agent: Actor = {
  account: 'agent',
  kind: 'token',
  id: '-',
  role: 'agent',
  permissions: new Set(),
  within: [],
  csrf: null,
  expiresAt: null,
};

export function agentListener(context: Context, tls: ServerOptions): FastifyInstance {
  const app = createApp(tls, context.log, {
    requestMs: 600_000,
    databaseDisk: databaseDisk(context.config),
  });
  const served = context.config.agentProtocol;
  const peers = new WeakMap<object, Asking>();
  context.meter.watch(app, 'agents');
  const attempts = rateLimit({ clock: context.clock, ...enrolRate });

  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    void reply.header(agentProtocol.header, shown(served));
    if (request.is404) return;
    if (request.routeOptions.url === enrolPath) {
      if (!attempts.take(request.ip))
        throw new ServerError('rate-limited', 'too many attempts to enrol', { hint: 'wait a minute' });
      spokenBy(request.headers, served);
      return;
    }
    const { socket } = request.raw;
    if (!(socket instanceof TLSSocket)) throw new ServerError('unauthenticated', 'an agent speaks TLS');
    const peer = peerOf(socket, context.authority.bundles(), context.config.trustDomain, context.clock);
    await checkSerial(context.store, peer);
    const protocol = spokenBy(request.headers, served, (number) => context.spoken.set(peer.host, number));
    peers.set(request, { ...peer, protocol });
  });
  // Files of evidence are bytes of any kind, read from the stream by their handler.
  app.addContentTypeParser('*', (request, _payload, done) => {
    if (request.routeOptions.url === '/agent/v1/evidence/:id/file') done(null, undefined);
    else done(new ServerError('unsupported-media-type', 'send JSON'), undefined);
  });

  const inner = agentContext(context, (request) => {
    const peer = peers.get(request);
    // INVARIANT: no handler but enrolment runs without a checked peer.
    if (peer === undefined) throw new ServerError('unauthenticated', 'an agent is needed');
    return peer;
  });
  for (const route of agentRoutes) route.register(app, inner, () => agent);
  return app;
}
