/** Small file systems in memory stand for a full disk. */
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { exec, manualClock, silent, systemClock } from '../../../src/base/index.js';
import {
  discoverCluster,
  openSpool,
  readSpool,
  type SpoolItem,
  startCluster,
  stopCluster,
} from '../../../src/store/index.js';
import { observation } from '../../fakes/example-observation.js';
import { openDirectory, testAccount } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';

const it = await requires('root');
const mounted: string[] = [];
afterEach(async () => {
  for (const root of mounted.splice(0)) {
    await stopCluster(join(root, 'm/d'));
    await exec('umount', ['-l', join(root, 'm')]);
    rmSync(root, { recursive: true, force: true });
  }
});

it('a spool on a full disk refuses and counts, goes on when there is room again, and its chain holds', async () => {
  const disk = await smallDisk('256k');
  const keys = { current: Buffer.alloc(32, 1), older: [] };
  const directory = join(disk, 'spool');
  const spool = await openSpool({
    directory,
    keys,
    keepKeys: async () => {},
    clock: manualClock(),
    log: silent,
    maxBytes: 1 << 30,
    maxAgeMs: 1e12,
    commitMs: 1,
    segmentBytes: 32 << 10,
  });
  await spool.append(rows(0));
  // Someone else fills the disk.
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc((bavail - 1) * bsize));
  let kept = 1;
  const refused = await (async () => {
    for (;;) {
      try {
        await spool.append(rows(kept));
        kept += 1;
      } catch (error) {
        return error;
      }
    }
  })();
  expect(refused).toMatchObject({ code: 'spool-full' });
  expect(spool.stats()).toMatchObject({ lost: 100, full: true });
  await expect(spool.append(rows(900))).rejects.toMatchObject({ code: 'spool-full' });
  rmSync(join(disk, 'filler'));
  await spool.append(rows(1_000));
  expect(spool.stats()).toMatchObject({ lost: 200, full: false });
  await spool.close();
  const items: SpoolItem[] = [];
  for await (const item of readSpool({ directory, keys: () => keys })) items.push(item);
  expect(items.filter((item) => item.kind === 'problem')).toEqual([]);
  expect(items.reduce((sum, item) => sum + (item.kind === 'block' ? item.observations.length : 0), 0)).toBe(
    (kept + 1) * 100,
  );
});

it('a database that cannot be made for lack of space says so, leaves nothing, and is made once there is room', async () => {
  const disk = await smallDisk('12m');
  const account = await testAccount();
  if (account === undefined) throw new Error('runs as root');
  const options = {
    dataDir: join(disk, 'd'),
    runtimeDir: join(disk, '../r'),
    account,
    clock: systemClock,
    log: silent,
  };
  const plan = await discoverCluster({ ...options, dataDir: join(disk, '../bin') });
  await expect(startCluster(plan, options)).rejects.toMatchObject({ code: 'disk-full' });
  await exec('mount', ['-o', 'remount,size=200m', disk]);
  const cluster = await startCluster(plan, options);
  expect(cluster.attach).toBe(false);
  await cluster.stop();
});

it('a server without room for its log is not started, and starts once there is room', async () => {
  const disk = await smallDisk('200m');
  const account = await testAccount();
  if (account === undefined) throw new Error('runs as root');
  const options = {
    dataDir: join(disk, 'd'),
    runtimeDir: join(disk, '../r'),
    account,
    clock: systemClock,
    log: silent,
  };
  const plan = await discoverCluster({ ...options, dataDir: join(disk, '../bin') });
  await (await startCluster(plan, options)).stop();
  const { bavail, bsize } = statfsSync(disk);
  // Room for small files only: the lock can be taken, a file of PostgreSQL's log cannot be made.
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - (4 << 20)));
  await expect(startCluster(plan, options)).rejects.toMatchObject({ code: 'disk-full' });
  writeFileSync(join(disk, 'rest'), Buffer.alloc(statfsSync(disk).bavail * bsize));
  const before = readdirSync(options.dataDir);
  await expect(startCluster(plan, options)).rejects.toMatchObject({ code: 'disk-full' });
  expect(readdirSync(options.dataDir)).toEqual(before);
  rmSync(join(disk, 'filler'));
  const cluster = await startCluster(plan, options);
  expect(cluster.attach).toBe(false);
  await cluster.stop();
});

it('a server that does not start, and an initdb that fails, are told by what they said', async () => {
  const disk = await smallDisk('200m');
  const account = await testAccount();
  if (account === undefined) throw new Error('runs as root');
  const options = {
    dataDir: join(disk, 'd'),
    runtimeDir: join(disk, '../r'),
    account,
    clock: systemClock,
    log: silent,
  };
  const plan = await discoverCluster({ ...options, dataDir: join(disk, '../bin') });
  if (plan.kind === 'external') throw new Error('a private cluster is expected');
  const bad = { ...plan, binaries: join(disk, 'bad') };
  await mkdir(bad.binaries);
  writeFileSync(join(bad.binaries, 'initdb'), '#!/bin/sh\necho "initdb: error: no \\033[31mway" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await expect(startCluster(bad, options)).rejects.toMatchObject({
    code: 'initdb-failed',
    message: expect.stringMatching(/no .*way/),
  });
  await (await startCluster(plan, options)).stop();
  writeFileSync(join(options.dataDir, 'postgres/postgresql.conf'), 'no such setting = 1\n');
  await expect(startCluster(plan, options)).rejects.toMatchObject({
    code: 'start-failed',
    message: expect.stringContaining('postgresql.conf'),
  });
});

async function smallDisk(size: string): Promise<string> {
  const root = openDirectory();
  mounted.push(root);
  const disk = join(root, 'm');
  await mkdir(disk);
  const done = await exec('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0711`, 'tmpfs', disk]);
  expect(done.status, done.stderr).toBe(0);
  return disk;
}

function rows(part: number) {
  return Array.from({ length: 100 }, (_, n) => observation(part * 100 + n));
}
