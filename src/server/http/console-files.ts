/** Serves the built console; every URL of a view gets the page, which finds its way by itself. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServerError } from '../errors.js';
import { loadStaticFiles, type StaticFile } from './static-files.js';

export function registerConsole(app: FastifyInstance, directory: string | null): void {
  const files = directory === null ? new Map<string, StaticFile>() : loadStaticFiles(directory);
  app.get('/*', { exposeHeadRoute: false }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const file = files.get(path);
    if (file !== undefined) return send(request, reply, file);
    // What looks like a file or an API call is no view: an honest 404 instead of a page.
    const isView = !path.startsWith('/v1/') && !path.startsWith('/assets/') && !/\.[a-z0-9]+$/i.test(path);
    const page = files.get('/index.html');
    if (page === undefined || !isView) {
      throw new ServerError(
        'not-found',
        'there is nothing here',
        page === undefined ? { hint: 'the console is not built' } : {},
      );
    }
    return send(request, reply, page);
  });
}

function send(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  void reply
    .header('etag', file.etag)
    .header('vary', 'accept-encoding')
    .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    .type(file.type);
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const zipped = file.gzip !== undefined && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  return zipped ? reply.header('content-encoding', 'gzip').send(file.gzip) : reply.send(file.body);
}
