/** Serves a built console with the control plane's own security headers, and answers as it would from the fixtures. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { secureHeaders } from '../../../src/server/http/security-headers.js';
import { auditBody, verified } from './audit.js';
import { roles } from '../../../src/server/auth/roles.js';
import { contractBody, contracts, proposal } from './contracts.js';
import { incident, incidents, verifiedEvidence } from './incidents.js';
import { account, link, people, rolesAnswer, sessions, tokens } from './people.js';
import { emptyMap, map } from './traffic.js';
import { coverage, emptyCoverage, glass, me, start, status } from './world.js';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export interface FixtureServer {
  readonly url: string;
  /** `METHOD path` and the CSRF token of everything that asked for a change. */
  readonly changes: { readonly what: string; readonly csrf: string | undefined; readonly body: string }[];
  /** Violations of the content policy that a browser reported. */
  readonly reports: string[];
  /** Answers as an installation does in which nothing has happened yet. */
  empty: boolean;
  /** Break-glass is open. */
  glass: boolean;
  disk: 'normal' | 'tight' | 'full';
  signedIn: boolean;
  /** What the next changes are answered with; undefined: as usual. */
  refuse: { status: number; code: string; detail: string; hint: string | null } | undefined;
  /** Of who is signed in; undefined: an administrator. */
  role: 'viewer' | undefined;
  /** The version of the contract of `catalog` that waits for a decision. */
  newest: number;
  /** Somebody changed an entry of the audit trail. */
  tampered: boolean;
  /** Every search of the audit trail that was asked for. */
  readonly searches: string[];
  tell(topic: string, subject: string): void;
  close(): Promise<void>;
}

export async function fixtureServer(directory: string): Promise<FixtureServer> {
  const streams = new Set<ServerResponse>();
  const state: FixtureServer = {
    url: '',
    changes: [],
    reports: [],
    empty: false,
    glass: false,
    disk: 'normal',
    signedIn: true,
    refuse: undefined,
    role: undefined,
    newest: proposal.version,
    tampered: false,
    searches: [],
    tell: (topic, subject) => {
      const data = JSON.stringify({ topic, subject, change: 'changed', at: 0 });
      for (const stream of streams) stream.write(`event: ${topic}\ndata: ${data}\n\n`);
    },
    close: () =>
      new Promise((resolve) => {
        for (const stream of streams) stream.end();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(secureHeaders())) response.setHeader(name, value);
    void answer(request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP listener has no other kind of address
  return Object.assign(state, { url: `http://localhost:${port}` });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'POST') return change(request, response, pathname);
    if (pathname === '/v1/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('event: hello\ndata: {}\n\n');
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    if (pathname.startsWith('/v1/')) {
      if (pathname === '/v1/audit') state.searches.push(searchParams.toString());
      const found = state.signedIn ? bodyOf(pathname, searchParams) : undefined;
      if (!state.signedIn) json(response, 401, problem(401, 'unauthenticated', 'sign in first'));
      else if (found === undefined) json(response, 404, problem(404, 'not-found', `there is no incident`));
      else json(response, 200, found);
      return;
    }
    file(response, pathname);
  }

  async function change(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (path === '/csp-report') {
      state.reports.push(body);
      response.writeHead(204).end();
      return;
    }
    const csrf = request.headers['x-csrf-token'];
    state.changes.push({ what: `POST ${path}`, csrf: Array.isArray(csrf) ? csrf[0] : csrf, body });
    if (state.refuse !== undefined) {
      const { status, code, detail, hint } = state.refuse;
      json(response, status, { ...problem(status, code, detail), hint });
    } else if (path === '/v1/login') {
      state.signedIn = true;
      json(response, 200, me);
    } else if (path === '/v1/password') json(response, 200, me);
    else if (path === '/v1/totp')
      json(response, 200, { secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/Tricordon:Ana?secret=JBSWY3DPEHPK3PXP' });
    else if (path === '/v1/totp/confirm')
      json(response, 200, { recoveryCodes: ['AAAA-BBBB-CCCC-DDDD', 'EEEE-FFFF-GGGG-HHHH'] });
    else if (path === '/v1/tokens')
      json(response, 200, { id: 'ci', token: 'tok-shown-once-0000000000', scopes: ['operate'], expiresAt: start });
    else if (path.endsWith('/revoke')) json(response, 200, { revoked: true });
    else if (path === '/v1/people' || path.endsWith('/link')) json(response, 200, link);
    else if (path.endsWith('/change')) json(response, 200, { ok: true });
    else if (path.startsWith('/v1/actions/')) json(response, 200, { actions: [] });
    else if (path.endsWith('/state')) json(response, 200, { id: 'INC-42', state: 'triaged' });
    else if (path.startsWith('/v1/contracts/')) json(response, 200, {});
    else json(response, 404, problem(404, 'not-found', 'there is nothing here'));
  }

  function bodyOf(path: string, query: URLSearchParams): unknown {
    const wanted = query.get('state');
    const all = query.get('all') === 'true';
    if (path === '/v1/whoami')
      return state.role === undefined ? me : { ...me, role: state.role, permissions: [...roles[state.role]] };
    if (path === '/v1/status') return status(state.disk);
    if (path === '/v1/account') return account;
    if (path === '/v1/people') return people;
    if (path === '/v1/roles') return rolesAnswer;
    if (path === '/v1/sessions') return sessions(all);
    if (path === '/v1/tokens') return tokens(all);
    if (path === '/v1/glass') return { now: start, open: state.glass ? [glass] : [], past: [], unsent: 0 };
    if (path === '/v1/coverage') return state.empty ? emptyCoverage : coverage;
    if (path === '/v1/map') return state.empty ? emptyMap : map;
    if (path === '/v1/incidents')
      return {
        incidents: state.empty ? [] : incidents.filter((row) => wanted === null || row.state === wanted),
        next: null,
      };
    if (path === '/v1/incidents/INC-42') return incident;
    if (path === '/v1/audit') return auditBody(query);
    if (path === '/v1/audit/verify') return verified(state.tampered);
    if (path === '/v1/contracts') return state.empty ? { contracts: [] } : contracts;
    if (path.startsWith('/v1/contracts/')) return contractBody(path, state.newest);
    if (path.startsWith('/v1/evidence/')) return { evidence: verifiedEvidence, manifest: {} };
    return undefined;
  }

  function file(response: ServerResponse, path: string): void {
    const name = extname(path) === '' ? 'index.html' : normalize(path).replace(/^[/\\.]+/, '');
    try {
      const bytes = readFileSync(join(directory, name));
      response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(status: number, code: string, detail: string) {
  return { type: 'about:blank', title: code, status, code, detail, hint: null };
}
