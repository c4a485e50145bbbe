import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { silent, spawnProcess, systemClock } from '../../../src/base/index.js';
import {
  type ClusterOptions,
  discoverCluster,
  type RunningCluster,
  startCluster,
  stopCluster,
} from '../../../src/store/index.js';
import { openDirectory, testAccount } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { eventually, listenTo, send } from './harness.js';

const it = await requires('postgresql');
const program = 'dist/server/main.js';

let root: string;
let cluster: RunningCluster;
let options: ClusterOptions;
const started: ChildProcess[] = [];

beforeAll(async () => {
  root = openDirectory();
  const account = await testAccount();
  options = {
    dataDir: join(root, 'd'),
    runtimeDir: join(root, 'r'),
    clock: systemClock,
    log: silent,
    ...(account === undefined ? {} : { account }),
  };
  cluster = await startCluster(await discoverCluster(options), options);
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await stopCluster(join(root, 'd'));
  rmSync(root, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly ready: Promise<{ consoleUrl: string; fingerprint: string } | undefined>;
  readonly ended: Promise<number | null>;
  readonly errors: () => string;
}

function start(directory: string, change: Record<string, unknown> = {}): Started {
  const config = join(directory, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      schemaVersion: 1,
      instance: 'test',
      trustDomain: 'test.local',
      keysDir: join(directory, 'keys'),
      evidenceDir: join(directory, 'evidence'),
      database: cluster.connection,
      console: { address: '127.0.0.1', port: 0 },
      agents: { address: '127.0.0.1', port: 0 },
      accessFile: join(directory, 'access.json'),
      ...change,
    }),
    { mode: 0o600 },
  );
  const child = spawnProcess(process.execPath, [program, '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const ready = new Promise<{ consoleUrl: string; fingerprint: string } | undefined>((resolve) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    lines.once('close', () => resolve(undefined));
  });
  return { child, ready, ended, errors: () => errors };
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'tcp-'));
}

async function status(directory: string): Promise<{ status: number; json: Record<string, unknown> }> {
  const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
  const client = new Agent({ ca: access.ca });
  return send(access.url, 'GET', '/v1/services', { client, headers: { authorization: `Bearer ${access.token}` } });
}

it('leaves a token that only its owner can read, and comes back after kill -9 with everything acknowledged', async () => {
  const directory = folder();
  const first = start(directory);
  const ready = await first.ready;
  expect(ready?.consoleUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(statSync(join(directory, 'access.json')).mode & 0o777).toBe(0o600);
  const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
  const client = new Agent({ ca: access.ca });
  const headers = { authorization: `Bearer ${access.token}` };
  const made = await send(access.url, 'POST', '/v1/services', { client, headers, body: { service: 'kept' } });
  expect(made.status).toBe(200);
  first.child.kill('SIGKILL');
  await first.ended;

  const second = start(directory);
  expect((await second.ready)?.fingerprint).toBe(ready?.fingerprint);
  const after = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
  expect(after.token).toBe(access.token);
  expect(JSON.stringify((await status(directory)).json)).toContain('"kept"');
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(second.errors() + first.errors()).not.toContain(access.token);
  rmSync(directory, { recursive: true });
});

it('continues the event stream after kill -9: a client that comes back misses nothing and gets nothing twice', async () => {
  const directory = folder();
  const seen: string[] = [];
  let cursor: string | undefined;
  let names = 0;
  for (let life = 0; life < 3; life += 1) {
    const server = start(directory);
    await server.ready;
    const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
    const client = new Agent({ ca: access.ca });
    const headers = { authorization: `Bearer ${access.token}` };
    const stream = await listenTo(access.url, access, 'contracts', cursor);
    if (cursor === undefined) cursor = (await stream.next()).id;
    for (let n = 0; n < 4; n += 1) {
      names += 1;
      const made = await send(access.url, 'POST', '/v1/services', { client, headers, body: { service: `s${names}` } });
      expect(made.status).toBe(200);
    }
    // It reads only some of what is there before the end comes, in the first life none.
    for (let n = 0; n < life * 3; n += 1) {
      const heard = await stream.next();
      seen.push(heard.data.subject ?? heard.topic);
      cursor = heard.id;
    }
    stream.close();
    client.destroy();
    server.child.kill('SIGKILL');
    await server.ended;
  }
  const last = start(directory);
  await last.ready;
  const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
  const stream = await listenTo(access.url, access, 'contracts', cursor);
  while (seen.length < names) seen.push((await stream.next()).data.subject ?? '?');
  expect(seen).toEqual(Array.from({ length: names }, (_, n) => `s${n + 1}`));
  stream.close();
  last.child.kill('SIGTERM');
  expect(await last.ended).toBe(0);
  rmSync(directory, { recursive: true });
});

it('signs the head of the audit trail: who cuts its end off in the database is found out, also after a restart', async () => {
  const directory = folder();
  const first = start(directory);
  await first.ready;
  const ask = async () => {
    const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
    const client = new Agent({ ca: access.ca });
    const headers = { authorization: `Bearer ${access.token}` };
    const answer = await send(access.url, 'GET', '/v1/audit/verify', { client, headers });
    client.destroy();
    return answer.json;
  };
  const whole = await eventually(ask, (answer) => answer.signedUpTo === answer.length);
  expect(whole).toMatchObject({ ok: true, brokenAt: null, reason: null });
  first.child.kill('SIGKILL');
  await first.ended;

  const at = cluster.connection;
  if (at.kind !== 'socket') throw new Error('a private cluster is expected');
  const database = new pg.Client({ host: at.directory, port: at.port, user: at.user, database: at.database });
  await database.connect();
  await database.query('alter table audit disable trigger all');
  await database.query('delete from audit where seq = (select max(seq) from audit)');
  await database.end();

  for (let life = 0; life < 2; life += 1) {
    const later = start(directory);
    await later.ready;
    expect(await ask()).toMatchObject({ ok: false, brokenAt: whole.length, signedUpTo: whole.length });
    expect(later.errors()).toContain('is not what was signed');
    later.child.kill('SIGTERM');
    await later.ended;
  }
  rmSync(directory, { recursive: true });
});

it('waits for a database that is not there yet, answers 503 while it is away, and goes on when it is back', async () => {
  const directory = folder();
  await stopCluster(join(root, 'd'));
  const server = start(directory);
  await eventually(
    async () => server.errors(),
    (text) => text.includes('waiting for the database'),
  );
  cluster = await startCluster(await discoverCluster(options), options);
  expect((await server.ready)?.consoleUrl).toBeDefined();
  expect((await status(directory)).status).toBe(200);
  if (cluster.pid !== null) process.kill(cluster.pid, 'SIGKILL');
  const away = await eventually(
    () => status(directory),
    (answer) => answer.status !== 200,
  );
  expect([away.status, away.json['code']]).toEqual([503, 'unavailable']);
  cluster = await startCluster(await discoverCluster(options), options);
  await eventually(
    () => status(directory),
    (answer) => answer.status === 200,
  );
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  rmSync(directory, { recursive: true });
});

it('says what is wrong when it cannot start', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cases: [Record<string, unknown>, string][] = [
    [{ console: { address: '127.0.0.1', port } }, `another program listens on \`127.0.0.1:${port}\``],
    [{ trustDomain: 'UPPER CASE' }, 'is not good'],
  ];
  for (const [change, message] of cases) {
    const directory = folder();
    const server = start(directory, change);
    expect(await server.ended).toBe(1);
    expect(server.errors()).toContain(message);
    rmSync(directory, { recursive: true });
  }
  const directory = folder();
  mkdirSync(join(directory, 'keys'), { mode: 0o755 });
  const open = start(directory);
  expect(await open.ended).toBe(1);
  expect(open.errors()).toContain('cannot start');
  taken.close();
  rmSync(directory, { recursive: true });
});
