import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
import { eventually, send } from './harness.js';

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
