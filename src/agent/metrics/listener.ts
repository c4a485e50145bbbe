/** The agent's metrics on a loopback address, where that is set: read only, one path, no credentials. */
import { createServer, type Server } from 'node:http';
import { expositionFor, expositionType, exposition, type Family, type Logger } from '../../base/index.js';

export const metricsLimits = { headerBytes: 8 << 10, requestMs: 5_000, connections: 16 } as const;

export function serveMetrics(
  at: { readonly address: string; readonly port: number },
  read: () => readonly Family[],
  log: Logger,
): Server {
  const server = createServer({ maxHeaderSize: metricsLimits.headerBytes }, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404, { 'content-length': 0 }).end();
      return;
    }
    // Another site's page can make a browser ask; a name of its own that leads here must not let it read the answer.
    const host = request.headers.host?.replace(/:[0-9]+$/, '');
    if (host !== 'localhost' && host !== '[::1]' && !/^127(\.[0-9]{1,3}){3}$/.test(host ?? '')) {
      response.writeHead(421, { 'content-length': 0 }).end();
      return;
    }
    const format = expositionFor(request.headers.accept);
    response.writeHead(200, { 'content-type': expositionType[format], 'cache-control': 'no-store' });
    response.end(exposition(read(), format));
  });
  server.headersTimeout = metricsLimits.requestMs;
  server.requestTimeout = metricsLimits.requestMs;
  server.maxConnections = metricsLimits.connections;
  // An agent without its metrics still guards: that the port is taken is said, and no reason to end.
  server.on('error', (error) => log.error({ error: error.message, ...at }, 'metrics are not served'));
  server.listen(at.port, at.address);
  return server;
}
