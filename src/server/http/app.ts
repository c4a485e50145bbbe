/** A fastify instance in our shape: strict bodies, problems as answers, security headers, nothing of its own noise. */
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { ServerOptions } from 'node:https';
import { type Logger, roomAt } from '../../base/index.js';
import { ServerError } from '../errors.js';
import { httpsServer } from './listener.js';
import { problemOf } from './problem.js';
import { secure } from './security-headers.js';

export interface AppOptions {
  readonly requestMs?: number;
  /** Where our own database keeps its files; undefined for one elsewhere. */
  readonly databaseDisk?: string | undefined;
}

/** Of routes that do not say another. */
export const bodyBytes = 64 << 10;

export function createApp(tls: ServerOptions, log: Logger, options: AppOptions = {}): FastifyInstance {
  const { databaseDisk } = options;
  const isFull = () => databaseDisk !== undefined && roomAt(databaseDisk).full;
  const app = Fastify({
    serverFactory: (handler) => httpsServer(tls, handler, options),
    logger: false,
    bodyLimit: bodyBytes,
    return503OnClosing: true,
    forceCloseConnections: true,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 200, caseSensitive: true, ignoreTrailingSlash: false },
    // Node's own parser errors come before any request: a bare 400 and the end of the connection.
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else socket.destroy();
    },
  });
  // Only JSON is a body: a form or plain text, which another site could send, is refused with 415.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (_request, reply) => secure(reply));
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error, log, isFull);
    if (problem.status === 503) void reply.header('retry-after', '2');
    if (problem.status === 429) {
      const waitMs = error instanceof ServerError ? error.waitMs : 1_000;
      void reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
    }
    return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  app.setNotFoundHandler(() => {
    throw new ServerError('not-found', 'there is nothing here');
  });
  return app;
}

/** The key of a route in the access tables. */
export function routeKey(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? '?'}`;
}
