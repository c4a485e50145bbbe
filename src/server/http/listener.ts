/** The HTTPS servers beneath fastify, with limits against slow and greedy clients. */
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { RequestListener } from 'node:http';
import { holdRoom } from './room.js';

export const limits = {
  headerBytes: 16 << 10,
  headersMs: 10_000,
  requestMs: 60_000 as number,
  handshakeMs: 10_000,
  keepAliveMs: 30_000,
  connections: 2_000,
  requestsPerConnection: 10_000,
} as const;

export function httpsServer(
  options: ServerOptions,
  handler: RequestListener,
  { requestMs = limits.requestMs }: { requestMs?: number } = {},
): Server {
  const server = createServer(
    {
      minVersion: 'TLSv1.3',
      ...options,
      handshakeTimeout: limits.handshakeMs,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 2_000,
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    handler,
  );
  holdRoom(server, limits.connections);
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.maxHeadersCount = 64;
  return server;
}
