/** The listener for people and their programs: console, public API, event stream. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerOptions } from 'node:https';
import { z } from 'zod';
import { type Actor, authorise } from '../auth/access.js';
import { authenticate } from '../auth/authenticate.js';
import { databaseDisk } from '../config.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { requireService } from '../reach.js';
import { access, limitedRoutes } from '../routes/access.js';
import { routes } from '../routes/index.js';
import { createApp, routeKey } from './app.js';
import { registerConsole } from './console-files.js';
import { rateLimit } from './rate-limit.js';

/** Of one session or token: far above what a console or a pipeline asks. */
export const callerRate = { burst: 2_000, perMinute: 6_000 } as const;

const nobody: Actor = {
  account: 'nobody',
  kind: 'session',
  id: '-',
  role: 'none',
  permissions: new Set(),
  within: [],
  csrf: null,
  expiresAt: null,
};

export function consoleListener(
  context: Context,
  tls: ServerOptions,
  hosts: () => ReadonlySet<string>,
): FastifyInstance {
  const app = createApp(tls, context.log, { databaseDisk: databaseDisk(context.config) });
  const actors = new WeakMap<FastifyRequest, Actor>();
  const callers = rateLimit({ clock: context.clock, ...callerRate });
  context.meter.watch(app, 'console');

  app.addHook('onRoute', (added) => {
    for (const method of [added.method].flat())
      if (!Object.hasOwn(access, `${method} ${added.url}`))
        throw new ServerError('internal', `the route ${method} ${added.url} is not in routes/access.ts`);
  });

  app.addHook('onRequest', async (request) => {
    // A foreign name that resolves to us (DNS rebinding) must not make a browser talk to this origin.
    const host = request.headers.host?.toLowerCase().replace(/:[0-9]+$/, '') ?? '';
    if (!hosts().has(host)) throw new ServerError('misdirected', 'this server has another name');
    refuseCredentialsInUrl(request.raw.url ?? '');
    if (request.is404) return;
    const key = routeKey(request);
    const needed = Object.hasOwn(access, key) ? access[key] : undefined;
    if (needed === 'anyone') return;
    const actor = await authenticate(context, request);
    if (needed === undefined) throw new ServerError('not-found', 'there is nothing here');
    const csrf = request.headers['x-csrf-token'];
    const limited = Object.hasOwn(limitedRoutes, key) ? limitedRoutes[key] : undefined;
    if (!callers.take(`${actor.kind} ${actor.account} ${actor.id}`))
      throw new ServerError('rate-limited', 'too many requests of this session or token', {
        hint: `${callerRate.perMinute} a minute are answered, ${callerRate.burst} at once; follow /v1/stream instead of asking again`,
      });
    authorise(actor, needed, {
      method: request.method,
      csrf: typeof csrf === 'string' ? csrf : undefined,
      limited: limited !== undefined,
    });
    if (limited === 'path') await requireService(context.store, actor, needed, pathService(request));
    actors.set(request, actor);
  });

  // Browsers report violations of the content policy with types of their own; only that they came counts.
  for (const type of ['application/csp-report', 'application/reports+json'])
    app.addContentTypeParser(type, { parseAs: 'string', bodyLimit: 16 << 10 }, (_request, _body, done) =>
      done(null, undefined),
    );
  for (const route of routes) route.register(app, context, (request) => actors.get(request) ?? nobody);
  registerConsole(app, context.config.consoleDir);
  return app;
}

function pathService({ params }: FastifyRequest): string {
  const { service } = z.object({ service: z.string() }).parse(params);
  return service;
}

/** What stands in a URL stands in logs, histories and referrers. */
function refuseCredentialsInUrl(url: string): void {
  const names = [...new URLSearchParams(url.split('?')[1] ?? '').keys()].map((name) => name.toLowerCase());
  if (!names.some((name) => /^(access_?token|token|authorization|api_?key|password|secret|code)$/.test(name))) return;
  throw new ServerError('invalid', 'a credential does not belong into a URL', {
    hint: 'revoke it, since it may stand in logs now; send `Authorization: Bearer`',
  });
}
