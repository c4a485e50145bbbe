/**
 * A small control plane for the console's tests: the product's own headers, file table, schemas and event stream, with
 * answers from fixtures. What a fixture says is checked against the API's schema before it is sent, so it cannot drift.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { systemClock } from '../../../src/base/index.js';
import { ActionsAnswer, ApplyRequest, PlanRequest } from '../../../src/server/api/actions.js';
import { Problem } from '../../../src/server/api/common.js';
import { CoverageAnswer } from '../../../src/server/api/coverage.js';
import { EvidenceAnswer } from '../../../src/server/api/evidence.js';
import { IncidentAnswer, IncidentsAnswer } from '../../../src/server/api/incidents.js';
import { MapAnswer } from '../../../src/server/api/map.js';
import { streamTopics } from '../../../src/server/api/records.js';
import { LoginRequest, WhoAmI } from '../../../src/server/api/session.js';
import { secureHeaders } from '../../../src/server/http/security-headers.js';
import { loadStaticFiles } from '../../../src/server/http/static-files.js';
import { type LiveStream, liveStream } from '../../../src/server/live/stream.js';
import { coverage } from './fixtures/coverage.js';
import { actions, evidence, incident, incidentRows } from './fixtures/incident.js';
import { largeMap, map } from './fixtures/map.js';
import { digestOf, start } from './fixtures/world.js';

export const loginToken = 'one-time-token-of-a-login-link';
const csrf = 'csrf-token-of-this-session';

export interface FixtureServer {
  readonly url: string;
  readonly stream: LiveStream;
  /** What the browser reported against the content security policy. */
  readonly violations: string[];
  /** Everything that was asked with POST, with whether the CSRF token was right. */
  readonly posts: { readonly path: string; readonly csrf: boolean }[];
  /** Signs the next request in or out, and chooses what there is to show. */
  readonly scene: { signedIn: boolean; world: 'usual' | 'empty' | 'large'; down: boolean };
  close(): Promise<void>;
}

export async function fixtureServer(built: string): Promise<FixtureServer> {
  const files = loadStaticFiles(built);
  const stream = liveStream({ clock: systemClock });
  const violations: string[] = [];
  const posts: { path: string; csrf: boolean }[] = [];
  const scene: FixtureServer['scene'] = { signedIn: true, world: 'usual', down: false };
  const now = actions();

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(secureHeaders())) response.setHeader(name, value);
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  return {
    url: `http://127.0.0.1:${port}`,
    stream,
    violations,
    posts,
    scene,
    close: () =>
      new Promise((resolve) => {
        stream.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname;
    if (path === '/csp-report') {
      violations.push(await bodyOf(request));
      response.statusCode = 204;
      return response.end();
    }
    if (!path.startsWith('/v1/')) return page(path, response);
    if (scene.down)
      return problem(response, 503, 'unavailable', 'the database does not answer', 'it is tried again by itself');
    if (request.method === 'POST') {
      posts.push({ path, csrf: request.headers['x-csrf-token'] === csrf });
      if (path === '/v1/login') return login(await bodyOf(request), response);
    }
    if (!scene.signedIn) return problem(response, 401, 'unauthenticated', 'sign in first', 'open a login link');
    if (request.method === 'POST') {
      if (request.headers['x-csrf-token'] !== csrf)
        return problem(response, 403, 'csrf', 'the header is missing', null);
      return change(path, await bodyOf(request), response);
    }
    return read(path, request, response);
  }

  function read(path: string, request: IncomingMessage, response: ServerResponse): unknown {
    const empty = scene.world === 'empty';
    switch (path) {
      case '/v1/whoami':
        return json(response, WhoAmI, whoAmI());
      case '/v1/coverage':
        return json(response, CoverageAnswer, empty ? emptyCoverage() : coverage());
      case '/v1/map':
        if (empty) return json(response, MapAnswer, { from: start, to: start, nodes: [], edges: [], uncounted: 0 });
        return json(response, MapAnswer, scene.world === 'large' ? largeMap() : map());
      case '/v1/incidents':
        return json(response, IncidentsAnswer, { incidents: empty ? [] : incidentRows(), next: null });
      case '/v1/incidents/INC-1':
        return json(response, IncidentAnswer, incident(now));
      case `/v1/evidence/${evidence('ok').id}`:
        return json(response, EvidenceAnswer, { evidence: evidence('ok'), manifest: manifest() });
      case '/v1/stream': {
        const last = request.headers['last-event-id'];
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        return stream.attach(response, {
          topics: new Set(streamTopics),
          lastEventId: typeof last === 'string' ? last : undefined,
          until: null,
        });
      }
      default:
        return problem(response, 404, 'not-found', 'there is no such thing', null);
    }
  }

  function login(body: string, response: ServerResponse): unknown {
    const request = LoginRequest.parse(JSON.parse(body));
    if (request.token !== loginToken) {
      return problem(
        response,
        401,
        'unauthenticated',
        'this login link is used, too old or unknown',
        'make a new one with `tricordon status --login`',
      );
    }
    scene.signedIn = true;
    return json(response, WhoAmI, { ...whoAmI(), account: request.name });
  }

  function change(path: string, body: string, response: ServerResponse): void {
    if (path === '/v1/actions/apply') {
      const { actions: ids } = ApplyRequest.parse(JSON.parse(body));
      const done = now.filter(({ id }) => ids.includes(id));
      for (const one of done) {
        one.status = 'done';
        one.applicable = false;
        one.finishedAt = start + 20_000;
        one.tookMs = 380;
      }
      json(response, ActionsAnswer, { actions: done });
    } else if (path === '/v1/actions/ACT-1/undo') {
      const paused = now.filter(({ id }) => id === 'ACT-1');
      for (const one of paused) {
        one.status = 'undone';
        one.undoable = false;
      }
      json(response, ActionsAnswer, { actions: paused });
    } else if (path === '/v1/actions/plan') {
      PlanRequest.parse(JSON.parse(body));
      json(response, ActionsAnswer, { actions: now });
    } else {
      problem(response, 404, 'not-found', 'there is no such thing', null);
      return;
    }
    stream.publish('actions', 'INC-1', 'changed');
  }

  function page(path: string, response: ServerResponse): void {
    const file = files.get(path) ?? (/\.[a-z0-9]+$/i.test(path) ? undefined : files.get('/index.html'));
    response.statusCode = file === undefined ? 404 : 200;
    if (file !== undefined) response.setHeader('content-type', file.type);
    response.end(file?.body);
  }
}

function json<Schema extends z.ZodType>(response: ServerResponse, schema: Schema, data: z.input<Schema>): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(schema.parse(data)));
}

function problem(response: ServerResponse, status: number, code: string, detail: string, hint: string | null): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/problem+json');
  response.end(JSON.stringify(Problem.parse({ type: 'about:blank', title: code, status, code, detail, hint })));
}

function whoAmI(): z.input<typeof WhoAmI> {
  return {
    account: 'ana',
    kind: 'session',
    scopes: ['read', 'operate', 'approve', 'admin'],
    csrf,
    expiresAt: start + 8 * 3_600_000,
    instance: 'shop',
    trustDomain: 'shop.example',
    version: '0.1.0',
  };
}

function emptyCoverage(): z.input<typeof CoverageAnswer> {
  return {
    at: start,
    headline: [{ text: 'No host reports yet. Nothing is watched.', tone: 'bad' }],
    summary: { services: 0, heldOnAll: 0, hosts: 0, layersWatched: 0, lost: 0, bypassable: 0, openIncidents: 0 },
    layers: [
      { layer: 'runtime', level: 'none', by: [] },
      { layer: 'network', level: 'none', by: [] },
      { layer: 'api', level: 'none', by: [] },
    ],
    hosts: [],
    services: [],
    sockets: [],
  };
}

function manifest(): z.input<typeof EvidenceAnswer>['manifest'] {
  const { id, service, workload, host, collectedAt, missing } = evidence('ok');
  return {
    schemaVersion: 1,
    kind: 'evidence-bundle',
    id,
    incident: 'INC-1',
    service,
    workload,
    host,
    collectedAt,
    collectedBy: 'ana',
    missing,
    files: [{ path: 'events.jsonl', bytes: 18_432_118, sha256: digestOf('7'), what: 'events before and after' }],
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
