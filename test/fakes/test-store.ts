/**
 * A fresh, empty store on a real PostgreSQL for each test: one private cluster per test process, started when first asked
 * for, every store in a database of its own copied from a template. `using` or `dispose()` removes it.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { exec, manualClock, silent, systemClock } from '../../src/base/index.js';
import {
  type Connection,
  discoverCluster,
  openStore,
  type RunningCluster,
  type ServerAccount,
  type Store,
  type StoreOptions,
  startCluster,
  stopCluster,
} from '../../src/store/index.js';

interface Shared {
  readonly cluster: RunningCluster;
  readonly root: string;
}

let shared: Promise<Shared> | undefined;
let numbers = 0;

export interface TestStore {
  readonly store: Store;
  readonly clock: ReturnType<typeof manualClock>;
  readonly connection: Connection;
  dispose(): Promise<void>;
}

/** Call `dispose` (or `await using`) at the end; the cluster itself goes when the process ends. */
export async function testStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  shared ??= startShared();
  const { cluster } = await shared;
  const clock = manualClock();
  numbers += 1;
  const name = `t${process.pid}_${numbers}`;
  await administer(cluster.connection, `create database ${name} template tricordon`);
  const connection: Connection = {
    ...cluster.connection,
    ...(cluster.connection.kind === 'socket' ? { database: name } : {}),
  };
  const store = await openStore(connection, { clock, bus: { pollMs: 200, retryMs: 10 }, ...options });
  return {
    store,
    clock,
    connection,
    dispose: async () => {
      await store.close();
      await administer(cluster.connection, `drop database if exists ${name} with (force)`);
    },
  };
}

/** Stops the shared cluster; call from `afterAll` of a test file that wants nothing left while others run. */
export async function stopTestStores(): Promise<void> {
  const started = shared;
  shared = undefined;
  if (started === undefined) return;
  const { root } = await started;
  await stopCluster(join(root, 'd'));
  rmSync(root, { recursive: true, force: true });
}

/** The account that test servers run as: ourselves, or one that every Debian has when we are root. */
export async function testAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const found = await exec('id', ['-u', name]);
    const group = await exec('id', ['-g', name]);
    if (found.status === 0) return { name, uid: Number(found.stdout), gid: Number(group.stdout) };
  }
  throw new Error(`no unprivileged account on this host (running as ${userInfo().username})`);
}

/** A short directory that another account may pass through. */
export function openDirectory(): string {
  const root = mkdtempSync(join(tmpdir(), 'tc-'));
  chmodSync(root, 0o711);
  return root;
}

async function startShared(): Promise<Shared> {
  const root = openDirectory();
  const account = await testAccount();
  const options = {
    dataDir: join(root, 'd'),
    runtimeDir: join(root, 'r'),
    clock: systemClock,
    log: silent,
    ...(account === undefined ? {} : { account }),
  };
  const cluster = await startCluster(await discoverCluster(options), options);
  // The process may end in any way: a synchronous last act, and the server follows its own lock file away.
  process.once('exit', () => {
    if (cluster.pid !== null) {
      try {
        process.kill(cluster.pid, 'SIGQUIT');
      } catch {
        // already stopped
      }
    }
    rmSync(root, { recursive: true, force: true });
  });
  // The database `tricordon` itself becomes the template: migrated once, never connected to again.
  const first = await openStore(cluster.connection, { clock: manualClock() });
  await first.close();
  return { cluster, root };
}

async function administer(connection: Connection, text: string): Promise<void> {
  if (connection.kind !== 'socket') throw new Error('test stores live in a private cluster');
  const client = new pg.Client({
    host: connection.directory,
    port: connection.port,
    user: connection.user,
    database: 'postgres',
  });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Without any schema. */
export async function emptied(): Promise<TestStore> {
  const made = await testStore();
  await rows(made.connection, 'drop schema public cascade; create schema public');
  return made;
}

/** What one statement answers, asked beside the store. */
export async function rows(connection: Connection, text: string): Promise<unknown> {
  if (connection.kind !== 'socket') throw new Error('a private cluster is expected');
  const client = new pg.Client({ host: connection.directory, user: connection.user, database: connection.database });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
