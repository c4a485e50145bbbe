/** The private cluster, once with the system's server and once with the one shipped through npm. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isRunning, processFacts, silent, systemClock } from '../../../src/base/index.js';
import {
  clusterHealth,
  discoverCluster,
  openStore,
  type RunningCluster,
  startCluster,
  stopCluster,
} from '../../../src/store/index.js';
import { observation } from '../../fakes/example-observation.js';
import { openDirectory, testAccount } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';

const account = await testAccount();
const roots: string[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) {
    await stopCluster(join(root, 'd'));
    rmSync(root, { recursive: true, force: true });
  }
});

for (const only of ['system', 'bundled'] as const) {
  const it = only === 'system' ? await requires('postgresql-system') : test;
  describe(`a private cluster from ${only} binaries`, () => {
    it('keeps every acknowledged row when the server is killed, and recovers beside the stale lock file', async () => {
      const options = place(only);
      const cluster = await start(options);
      const store = await openStore(cluster.connection, { clock: systemClock });
      const acknowledged: string[] = [];
      for (let n = 0; n < 50; n += 1) {
        acknowledged.push(
          ...(await store.observations.insert(Array.from({ length: 100 }, (_, i) => observation(n * 100 + i)))),
        );
      }
      expect(acknowledged).toHaveLength(5_000);
      const inFlight = store.observations.insert([observation(9_999)]).catch(() => []);
      const { pid } = cluster;
      if (pid === null) throw new Error('no pid');
      process.kill(pid, 'SIGKILL');
      await inFlight;
      const again = await start(options);
      expect(again.attach).toBe(false);
      expect(again.pid).not.toBe(pid);
      // The same store goes on: the pool connects anew.
      expect(await eventually(() => store.observations.count())).toBeGreaterThanOrEqual(5_000);
      await store.close();
    });

    it('is attached to while it lives, even by a starter with another runtime directory, and survives its store', async () => {
      const options = place(only);
      const first = await start(options);
      const second = await start({ ...options, runtimeDir: `${options.runtimeDir}2` });
      expect(second).toMatchObject({ attach: true, pid: first.pid, connection: first.connection });
      expect((await clusterHealth(second.connection)).ok).toBe(true);
      await second.stop();
      expect((await clusterHealth(second.connection, 1_000)).ok).toBe(false);
      expect(await stopCluster(options.dataDir)).toBe('not-running');
    });

    it('starts once when two begin at the same time', async () => {
      const options = place(only);
      const both = await Promise.all([start(options), start(options)]);
      expect(new Set(both.map((cluster) => cluster.pid)).size).toBe(1);
      expect(both.map((cluster) => cluster.attach).sort()).toEqual([false, true]);
    });

    it('takes a lock file whose pid now belongs to another program as stale', async () => {
      const options = place(only);
      const first = await start(options);
      const lock = join(options.dataDir, 'postgres/postmaster.pid');
      const content = readFileSync(lock, 'utf8');
      await first.stop();
      writeFileSync(lock, content.replace(/^\d+/, String(process.pid)));
      const second = await start(options);
      expect(second.attach).toBe(false);
      expect(second.pid).not.toBe(process.pid);
    });

    it('listens on its socket only, in a directory of its own account, and lets nobody else in', async () => {
      const options = place(only);
      const { pid } = await start(options);
      const owner = account?.uid ?? process.getuid?.();
      expect(statSync(join(options.runtimeDir, 'pg'))).toMatchObject({ uid: owner });
      expect(statSync(join(options.runtimeDir, 'pg')).mode & 0o777).toBe(0o700);
      expect(statSync(join(options.dataDir, 'postgres')).mode & 0o777).toBe(0o700);
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(Number(/^Uid:\t(\d+)/m.exec(status)?.[1])).toBe(owner);
      expect(owner).not.toBe(0);
      const inodes = readFileSync(`/proc/${pid}/net/tcp`, 'utf8');
      expect(inodes.split('\n').filter((line) => / 0A /.test(line) && /:1538 /.test(line.slice(0, 24)))).toEqual([]);
    });

    it('is left running by a store that closes, and answers health', async () => {
      const options = place(only);
      const cluster = await start(options);
      const store = await openStore(cluster.connection, { clock: systemClock });
      expect(await store.health()).toMatchObject({ ok: true });
      await store.close();
      const pid = cluster.pid ?? 0;
      expect(isRunning(pid, processFacts(pid)?.start ?? -1)).toBe(true);
    });
  });
}

test('an existing cluster keeps the major version it was made by, whatever else is installed', async () => {
  const options = place('bundled');
  const cluster = await start(options);
  await cluster.stop();
  const { only: _any, ...free } = options;
  expect((await discoverCluster(free)).kind).toBe('bundled');
  writeFileSync(join(options.dataDir, 'postgres/PG_VERSION'), '12\n');
  await expect(discoverCluster(free)).rejects.toMatchObject({ code: 'version-mismatch' });
});

test('an address of the operator starts nothing', async () => {
  const options = place('bundled');
  const plan = await discoverCluster({ ...options, databaseUrl: 'postgresql:///tricordon?host=/nowhere' });
  const cluster = await startCluster(plan, options);
  expect(cluster).toMatchObject({ kind: 'external', pid: null });
  await expect(openStore(cluster.connection, { clock: systemClock })).rejects.toMatchObject({ code: 'unreachable' });
});

function place(only: 'system' | 'bundled') {
  const root = openDirectory();
  roots.push(root);
  return {
    dataDir: join(root, 'd'),
    runtimeDir: join(root, 'r'),
    clock: systemClock,
    log: silent,
    only,
    ...(account === undefined ? {} : { account }),
  };
}

async function start(options: ReturnType<typeof place>): Promise<RunningCluster> {
  return startCluster(await discoverCluster(options), options);
}

/** Connections of the pool that died with the server fail once each. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'unreachable')) throw error;
    }
  }
}
