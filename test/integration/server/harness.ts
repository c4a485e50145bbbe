/** A control plane on a real PostgreSQL, with clients that speak to it as browsers, programs and agents do. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Logger, silent, systemClock } from '../../../src/base/index.js';
import type { Observation } from '../../../src/model/index.js';
import type { Connection, Store } from '../../../src/store/index.js';
import { ServerConfig } from '../../../src/server/config.js';
import { type RunningServer, startServer } from '../../../src/server/lifecycle.js';
import { testStore } from '../../fakes/test-store.js';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into by the tests
  readonly json: any;
}

export interface Plane {
  readonly server: RunningServer;
  readonly store: Store;
  readonly connection: Connection;
  readonly directory: string;
  /** With the administrator's token unless told otherwise. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  agent(host: string): Promise<TestAgent>;
  token(scopes: string[]): Promise<string>;
  /** Another control plane on the same store, directories and agents' port, after this one was closed. */
  restart(change?: Pick<Partial<ServerConfig>, 'agentProtocol'>): Promise<void>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly raw?: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
  readonly client?: Agent;
  readonly base?: string;
}

export interface TestAgent {
  readonly host: string;
  readonly client: Agent;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  workload(service: string): Promise<{ id: string; service: string; identity: string }>;
}

export async function startPlane(
  options: {
    clock?: Clock;
    console?: string;
    fourEyes?: boolean;
    bindSessions?: boolean;
    log?: Logger;
    retention?: ServerConfig['retention'];
    users?: ServerConfig['users'];
  } = {},
): Promise<Plane> {
  const clock = options.clock ?? systemClock;
  const opened = await testStore({ clock });
  const directory = mkdtempSync(join(tmpdir(), 'tcs-'));
  let config = ServerConfig.parse({
    schemaVersion: 1,
    instance: 'test',
    trustDomain: 'test.local',
    keysDir: join(directory, 'keys'),
    evidenceDir: join(directory, 'evidence'),
    consoleDir: options.console ?? null,
    database: { kind: 'url', url: 'unused' },
    console: { address: '127.0.0.1', port: 0 },
    agents: { address: '127.0.0.1', port: 0 },
    accessFile: join(directory, 'access.json'),
    fourEyes: options.fourEyes ?? false,
    bindSessions: options.bindSessions ?? true,
    users: options.users ?? [],
    ...(options.retention === undefined ? {} : { retention: options.retention }),
  });
  const start = async () => {
    const started = await startServer({
      config,
      clock,
      log: options.log ?? silent,
      version: 'test',
      signal: new AbortController().signal,
      store: opened.store,
    });
    if (started === undefined) throw new Error('not started');
    return started;
  };
  let server = await start();
  let admin = await makeToken(opened.store, ['read', 'operate', 'approve', 'admin']);
  const ca = () => server.context.authority.bundle().join('');
  let web = new Agent({ ca: ca(), keepAlive: true });

  const plane: Plane = {
    get server() {
      return server;
    },
    store: opened.store,
    connection: opened.connection,
    directory,
    call: (method, path, given = {}) => {
      const token = given.token === undefined ? admin : given.token;
      const auth: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      return send(given.base ?? server.addresses.consoleUrl, method, path, {
        client: given.client ?? web,
        ...given,
        headers: { ...auth, ...given.headers },
      });
    },
    token: (scopes) => makeToken(opened.store, scopes),
    agent: (host) => joinAgent(plane, host),
    restart: async (change = {}) => {
      const port = Number(new URL(server.addresses.agentUrl).port);
      config = { ...config, ...change, agents: { ...config.agents, port } };
      web.destroy();
      await server.close();
      server = await start();
      web = new Agent({ ca: ca(), keepAlive: true });
      admin = await makeToken(opened.store, ['read', 'operate', 'approve', 'admin']);
    },
    close: async () => {
      web.destroy();
      await server.close();
      await opened.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return plane;
}

async function makeToken(store: Store, scopes: string[]): Promise<string> {
  await store.accounts.ensure('tester', 'program', 'test');
  return store.accounts.createToken(
    { name: `t-${randomBytes(4).toString('hex')}`, account: 'tester', scopes, ttlMs: 3_600_000 },
    'test',
  );
}

export function keyPair(): { key: string; publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** Enrols a host as its agent would. */
async function joinAgent(plane: Plane, host: string): Promise<TestAgent> {
  const invited = await plane.call('POST', '/v1/enrolment-tokens', { body: { host } });
  const { key, publicKey } = keyPair();
  const base = plane.server.addresses.agentUrl;
  const ca = plane.server.context.authority.bundle().join('');
  // The control plane's own certificate names no address: it is an SVID.
  const anonymous = new Agent({ ca, checkServerIdentity: () => undefined });
  const answer = await send(base, 'POST', '/agent/v1/enroll', {
    client: anonymous,
    body: { token: invited.json.token, host, publicKey },
  });
  anonymous.destroy();
  if (answer.status !== 200) throw new Error(`enrolment: ${answer.text}`);
  const client = new Agent({
    ca,
    key,
    cert: answer.json.chain.join(''),
    keepAlive: true,
    checkServerIdentity: () => undefined,
  });
  const agent: TestAgent = {
    host,
    client,
    call: (method, path, body, options = {}) =>
      send(plane.server.addresses.agentUrl, method, `/agent/v1/${path}`, {
        client,
        ...(body === undefined ? {} : { body }),
        ...options,
      }),
    workload: async (service) => {
      const id = `${service}-${host}-${randomBytes(4).toString('hex')}`;
      const made = await agent.call('POST', 'workloads', workloadRequest(id, service));
      if (made.status !== 200) throw new Error(`workload: ${made.text}`);
      return made.json.workload;
    },
  };
  return agent;
}

export function workloadRequest(id: string, service: string): Record<string, unknown> {
  return {
    id,
    service,
    capture: 'netns',
    cgroup: null,
    publicKey: keyPair().publicKey,
    attestation: {
      kind: 'process',
      pid: 4242,
      start: 1,
      executable: '/usr/bin/node',
      entry: '/srv/main.mjs',
      codeDigest: `sha256:${'a'.repeat(64)}`,
      codeDirectory: '/srv',
      operator: 'ana',
      uid: 1000,
    },
  };
}

let numbers = 0;
export function observation(
  workload: { id: string; service: string; identity: string },
  host: string,
  event: Observation['event'],
  more: Partial<Observation> = {},
): Observation {
  numbers += 1;
  const layer = event.kind === 'request' ? 'api' : event.kind === 'flow' ? 'network' : 'runtime';
  return {
    id: `${host}:b00t:${numbers}`,
    at: systemClock.now(),
    host,
    layer,
    service: workload.service,
    workload: workload.id,
    identity: workload.identity,
    source: layer === 'runtime' ? 'bpftrace' : 'sidecar',
    join: {},
    event,
    ...more,
  };
}

export function send(base: string, method: string, path: string, options: CallOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const sent = request(
      new URL(path, base),
      {
        method,
        agent: options.client,
        // The name that is checked is the address, whatever the Host header says.
        servername: '',
        checkServerIdentity: () => undefined,
        headers: {
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: /\bjson\b/.test(response.headers['content-type'] ?? '') ? JSON.parse(text) : undefined,
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

/** Asks until the answer is as wanted: the way to wait for what happens by itself. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface Heard {
  readonly id: string;
  readonly topic: string;
  readonly data: { subject?: string; change?: string };
}

/** Opens the stream and hands out its events one by one. */
export async function listenTo(
  base: string,
  access: { readonly ca: string; readonly token: string },
  topics: string,
  lastEventId?: string,
) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      new URL(`/v1/stream?topics=${topics}`, base),
      {
        agent: new Agent({ keepAlive: false }),
        ca: access.ca,
        headers: {
          authorization: `Bearer ${access.token}`,
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
      },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  response.setEncoding('utf8');
  response.on('error', () => {});
  const heard: Heard[] = [];
  let wake = () => {};
  let rest = '';
  response.on('data', (chunk: string) => {
    rest += chunk;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const lines = rest.slice(0, end).split('\n');
      rest = rest.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      if (field('event') !== '')
        heard.push({ id: field('id'), topic: field('event'), data: JSON.parse(field('data')) });
    }
    wake();
  });
  return {
    response,
    next: async (): Promise<Heard> => {
      while (heard.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const [first] = heard.splice(0, 1);
      if (first === undefined) throw new Error('nothing heard');
      return first;
    },
    close: () => response.destroy(),
  };
}
