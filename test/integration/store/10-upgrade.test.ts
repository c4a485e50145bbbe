/** The database of the version before, as its demo left it, is brought up to this version: whatever happens meanwhile, wholly or not at all. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { exec, silent, spawnProcess, systemClock } from '../../../src/base/index.js';
import { parseContract } from '../../../src/contract/index.js';
import { migrations } from '../../../src/store/database/migrations/index.js';
import {
  checkSchema,
  type Connection,
  discoverCluster,
  openStore,
  type RunningCluster,
  startCluster,
  stopCluster,
} from '../../../src/store/index.js';
import { openDirectory, rows, testAccount } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';

const dump = readFileSync(join(import.meta.dirname, '../../fakes/tricordon-0.1.0.sql'), 'utf8');
const account = await testAccount();
const newest = migrations.at(-1)?.number;

let ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.reverse()) await end();
  ended = [];
});

function directory(): string {
  const root = openDirectory();
  ended.push(async () => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** A cluster with the old database in it. */
async function older(root = directory()): Promise<{ cluster: RunningCluster; again(): Promise<RunningCluster> }> {
  const options = {
    dataDir: join(root, 'd'),
    runtimeDir: join(root, 'r'),
    clock: systemClock,
    log: silent,
    ...(account === undefined ? {} : { account }),
  };
  ended.push(async () => void (await stopCluster(options.dataDir)));
  const again = async () => startCluster(await discoverCluster(options), options);
  const cluster = await again();
  await rows(cluster.connection, `drop schema public cascade; create schema public; ${dump}`);
  return { cluster, again };
}

async function expectWhole(connection: Connection): Promise<void> {
  const store = await openStore(connection, { clock: systemClock });
  try {
    expect(store.schema).toBe(newest);
    const verdict = await store.audit.verify();
    expect(verdict).toMatchObject({ ok: true });
    expect((await store.audit.list({ limit: 1_000 })).length).toBe(inserts('audit'));
    const contracts = await store.contracts.list({ limit: 1_000 });
    expect(contracts.length).toBe(inserts('contracts'));
    expect((await store.contracts.allActive()).length).toBeGreaterThan(6);
    const incidents = await store.incidents.list({ limit: 100 });
    expect(incidents.length).toBe(inserts('incidents'));
    expect(incidents[0]?.services.length).toBeGreaterThan(1);
    expect((await store.workloads.list({ limit: 1_000 })).length).toBe(inserts('workloads'));
    expect(await store.observations.count()).toBe(inserts('observations_\\d+'));
    expect((await store.actions.list({ limit: 100 })).length).toBe(inserts('actions'));
    expect((await store.hosts.list()).length).toBe(inserts('hosts'));
    expect(((await rows(connection, 'select 1 from accounts')) as unknown[]).length).toBe(inserts('accounts'));
  } finally {
    await store.close();
  }
}

function inserts(table: string): number {
  return [...dump.matchAll(new RegExp(`^INSERT INTO public\\.${table} `, 'gm'))].length;
}

test('keeps everything: contracts, incidents, observations, the audit chain and accounts', async () => {
  const { cluster } = await older();
  const check = await checkSchema(cluster.connection);
  expect(check).toMatchObject({ present: 2, newest });
  expect(check.pending.map(({ number }) => number)).toEqual(
    migrations.map(({ number }) => number).filter((number) => number > 2),
  );
  await expectWhole(cluster.connection);
  expect(await checkSchema(cluster.connection)).toMatchObject({ present: newest, pending: [] });
});

describe('cut off while a migration waits in the middle of its work', () => {
  test('by a kill of the program that upgrades', async () => {
    const { cluster } = await older();
    const held = await hold(cluster.connection);
    const upgrading = upgrade(cluster.connection);
    await held.waitedFor();
    upgrading.kill('SIGKILL');
    await new Promise((gone) => upgrading.once('exit', gone));
    await held.release();
    expect(await rows(cluster.connection, 'select max(number) as number from schema_migrations')).toEqual([
      { number: 2 },
    ]);
    await expectWhole(cluster.connection);
  });

  test('by a kill of the database server', async () => {
    const { cluster, again } = await older();
    const held = await hold(cluster.connection);
    const upgrading = upgrade(cluster.connection);
    await held.waitedFor();
    process.kill(cluster.pid ?? 0, 'SIGKILL');
    const status = await new Promise((gone) => upgrading.once('exit', gone));
    expect(status).toBe(1);
    await held.release().catch(() => {});
    const { connection } = await again();
    expect(await rows(connection, 'select max(number) as number from schema_migrations')).toEqual([{ number: 2 }]);
    await expectWhole(connection);
  });
});

const onSmallDisk = await requires('root');
onSmallDisk('on a full disk it is refused as a whole, and goes through once there is room', async () => {
  const disk = join(directory(), 'm');
  await mkdir(disk);
  expect((await exec('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=755', 'tmpfs', disk])).status).toBe(0);
  ended.push(async () => void (await exec('umount', ['-l', disk])));
  const { cluster } = await older(disk);
  const filler = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  await expect(openStore(cluster.connection, { clock: systemClock })).rejects.toMatchObject({ code: 'disk-full' });
  rmSync(filler);
  expect(await rows(cluster.connection, 'select max(number) as number from schema_migrations')).toEqual([
    { number: 2 },
  ]);
  await expectWhole(cluster.connection);
});

test('every contract of the version before still reads as a contract', () => {
  const documents = [...dump.matchAll(/^INSERT INTO public\.contracts .*?'(\{"apiVersion.*?\})', '/gm)];
  expect(documents.length).toBe(inserts('contracts'));
  for (const [, text = ''] of documents) expect(() => parseContract(text.replaceAll("''", "'"))).not.toThrow();
});

/** Something that migration 3 changes is in other hands: it begins, and waits there. */
async function hold(connection: Connection): Promise<{ waitedFor(): Promise<void>; release(): Promise<void> }> {
  if (connection.kind !== 'socket') throw new Error('a private cluster is expected');
  const { directory: host, user, database } = connection;
  const client = new pg.Client({ host, user, database });
  client.on('error', () => {}); // the server may be killed
  await client.connect();
  await client.query('begin; lock table accounts in access exclusive mode');
  return {
    waitedFor: async () => {
      for (;;) {
        const found = await client.query('select 1 from pg_locks where not granted and locktype = $1', ['relation']);
        if (found.rowCount !== 0) return;
      }
    },
    release: () => client.end(),
  };
}

/** In a process of its own, as the control plane does when it starts. */
function upgrade(connection: Connection): ChildProcess {
  const index = resolve(import.meta.dirname, '../../../dist/store/index.js');
  const clock = '{ now: Date.now, monotonic: () => performance.now() }';
  return spawnProcess(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openStore } from ${JSON.stringify(index)};
       await openStore(${JSON.stringify(connection)}, { clock: ${clock} });`,
    ],
    { stdio: 'ignore' },
  );
}
