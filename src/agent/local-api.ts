/** The agent's own socket: bounded requests, closed list of paths, 0600 in a directory that only the operator enters. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { chmodSync, rmSync } from 'node:fs';
import {
  exposition,
  expositionFor,
  expositionType,
  isDiskFull,
  type Family,
  type Logger,
  messageOf,
  TricordonError,
} from '../base/index.js';
import { AgentError } from './errors.js';
import { type Glass, GlassByCode } from './glass.js';
import { Closing, Ended, OrderResult, type SpoolRotated, Started, WorkloadRequest } from './local-protocol.js';
import type { Workloads } from './workloads.js';
import type { AgentStatus } from './local-protocol.js';

export interface LocalApiOptions {
  readonly socketPath: string;
  readonly workloads: Workloads;
  readonly glass: Glass;
  readonly status: () => AgentStatus;
  readonly metrics: () => readonly Family[];
  /** Seals what comes from here on with a key of its own. */
  readonly rotateSpool: () => Promise<SpoolRotated>;
  readonly log: Logger;
}

export const localLimits = { headerBytes: 8 << 10, headersMs: 10_000, connections: 256, bodyBytes: 1 << 20 } as const;

export async function serveLocalApi(options: LocalApiOptions): Promise<Server> {
  const server = createServer({ maxHeaderSize: localLimits.headerBytes }, (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      options.log.warn({ error: messageOf(error), path: request.url }, 'local request failed');
      if (response.headersSent) response.destroy();
      else answer(response, 400, problem(error));
    });
  });
  server.headersTimeout = localLimits.headersMs;
  server.maxConnections = localLimits.connections;
  rmSync(options.socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socketPath, resolve);
  });
  chmodSync(options.socketPath, 0o600);
  return server;
}

async function handle(options: LocalApiOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { workloads } = options;
  const route = `${request.method} ${request.url ?? ''}`;
  if (route === 'GET /status') return answer(response, 200, options.status());
  if (route === 'GET /metrics') {
    const format = expositionFor(request.headers.accept);
    response.writeHead(200, { 'content-type': expositionType[format] });
    return void response.end(exposition(options.metrics(), format));
  }
  if (route === 'POST /spool/rotate') return answer(response, 200, await options.rotateSpool());
  if (route === 'POST /workloads')
    return answer(response, 200, await workloads.prepare(WorkloadRequest.parse(await body(request))));
  if (route === 'POST /glass')
    return answer(response, 200, await options.glass.openByCode(GlassByCode.parse(await body(request))));
  const glass = /^POST \/glass\/(GLASS-[a-z0-9.-]{1,80})\/close$/.exec(route)?.[1];
  if (glass !== undefined)
    return answer(response, 200, await options.glass.close(glass, Closing.parse(await body(request)).operator));
  const match = /^(GET|POST) \/workloads\/([a-z0-9-]{1,160})\/(started|ended|orders)(?:\/([a-z0-9-]{1,64}))?$/.exec(
    route,
  );
  const [, method, id = '', what, order] = match ?? [];
  if (what === 'started') return answer(response, 200, await workloads.started(id, Started.parse(await body(request))));
  if (what === 'ended') {
    await workloads.ended(id, Ended.parse(await body(request)).status);
    return answer(response, 200, {});
  }
  if (what === 'orders' && method === 'GET') return follow(workloads, id, request, response);
  if (what === 'orders' && order !== undefined) {
    workloads.ordered(id, order, OrderResult.parse(await body(request)));
    return answer(response, 200, {});
  }
  throw new AgentError('request-refused', 'there is no such path');
}

function follow(workloads: Workloads, id: string, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.write('\n');
  const stop = workloads.onOrder(id, (order) => response.write(`${JSON.stringify(order)}\n`));
  request.on('close', stop);
  response.on('close', stop);
}

async function body(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > localLimits.bodyBytes) throw new AgentError('request-refused', 'the request is larger than 1 MiB');
    chunks.push(chunk);
  }
  return size === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown);
}

function problem(error: unknown): unknown {
  if (isDiskFull(error))
    return { code: 'disk-full', detail: 'no space left on the disk', hint: 'free some space, then try again' };
  const known = error instanceof TricordonError;
  return {
    code: known ? error.code : 'request-refused',
    detail: messageOf(error),
    hint: known ? (error.hint ?? null) : null,
  };
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  const payload = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) });
  response.end(payload);
}
