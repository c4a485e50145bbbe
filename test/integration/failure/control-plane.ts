/** A control plane as a process of its own on a private PostgreSQL, so that its memory and its disk are its own. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { silent, spawnProcess, systemClock } from '../../../src/base/index.js';
import { discoverCluster, startCluster, stopCluster } from '../../../src/store/index.js';
import { openDirectory, testAccount } from '../../fakes/test-store.js';
import { type Answer, send } from '../server/harness.js';

export interface ControlPlane {
  readonly child: ChildProcess;
  readonly consoleUrl: string;
  readonly agentUrl: string;
  readonly access: { readonly ca: string; readonly token: string };
  /** Over a connection of its own, with the administrator's token. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  residentMegabytes(): number;
  close(): Promise<void>;
}

export async function startControlPlane(): Promise<ControlPlane> {
  const root = openDirectory();
  const account = await testAccount();
  const options = { dataDir: join(root, 'd'), runtimeDir: join(root, 'r'), clock: systemClock, log: silent };
  const owned = account === undefined ? options : { ...options, account };
  const cluster = await startCluster(await discoverCluster(owned), owned);
  const directory = join(root, 'c');
  mkdirSync(directory, { mode: 0o700 });
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
    }),
    { mode: 0o600 },
  );
  const child = spawnProcess(process.execPath, ['dist/server/main.js', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const ready = await new Promise<{ consoleUrl: string; agentUrl: string }>((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    lines.once('close', () => reject(new Error('the control plane did not start')));
  });
  const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8'));
  return {
    child,
    ...ready,
    access,
    call: async (method, path, body) => {
      const client = new Agent({ ca: access.ca });
      const headers = { authorization: `Bearer ${access.token}` };
      try {
        return await send(access.url, method, path, { client, headers, ...(body === undefined ? {} : { body }) });
      } finally {
        client.destroy();
      }
    },
    residentMegabytes: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.POSITIVE_INFINITY) / 1_024;
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      await stopCluster(options.dataDir);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
