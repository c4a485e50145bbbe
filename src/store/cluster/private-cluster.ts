/** A PostgreSQL of our own: made once, started detached, attached to when it lives, stopped by its lock file. */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  codeOf,
  exec,
  isDiskFull,
  isRunning,
  leastRoom,
  messageOf,
  minimalEnvironment,
  openLogFile,
  printable,
  roomAt,
  spawnProcess,
} from '../../base/index.js';
import { holdLock } from '../process-lock.js';
import { StoreError } from '../store-error.js';
import {
  type Account,
  type ClusterOptions,
  type Connection,
  clusterDirectory,
  DATABASE,
  PORT,
  ROLE,
  socketDirectory,
} from './connection.js';
import { checkClusterDirectory, prepareDataDirectory, prepareDirectories, serverAccount } from './directories.js';
import type { ClusterPlan } from './discover.js';
import { createDatabase, isAnswering } from './handshake.js';
import { type Postmaster, readLockFile } from './postmaster.js';
import { writeAheadSettings } from './write-ahead.js';

export interface RunningCluster {
  readonly kind: 'external' | 'system' | 'bundled';
  readonly connection: Connection;
  readonly version: string | null;
  /** Of the postmaster; null for an external server. */
  readonly pid: number | null;
  /** True when a living server was found and nothing was started. */
  readonly attach: boolean;
  /** Fast shutdown; nothing for an external server. */
  stop(): Promise<void>;
}

const startAttempts = 60;
export const mostConnections = 60;
type PrivatePlan = Exclude<ClusterPlan, { kind: 'external' }>;

/**
 * Starts the planned cluster, or attaches to the living one of this data directory. Safe to call from several processes
 * at once. The server is detached: it outlives its starter, and `stopCluster` ends it later.
 *
 * @throws StoreError `no-account`, `not-owner`, `not-a-directory`, `unreachable-directory`, `socket-path-too-long`,
 * `initdb-failed`, `disk-full`, `start-failed`, `locked`.
 */
export async function startCluster(plan: ClusterPlan, options: ClusterOptions): Promise<RunningCluster> {
  if (plan.kind === 'external') {
    const stop = async () => {};
    return { kind: plan.kind, connection: plan.connection, version: null, pid: null, attach: true, stop };
  }
  const account = serverAccount(options);
  await prepareDataDirectory(options, account);
  // One starter at a time: only under this lock may a stale postmaster.pid be removed.
  const lock = await holdLock(`${options.dataDir}/postgres.lock`, options.clock, 60_000);
  try {
    await prepareDirectories(options, account);
    if (!(await checkClusterDirectory(options.dataDir, account))) await initialise(plan, options, account);
    const { postmaster, attach } = await startOrAttach(plan, options, account);
    const connection: Connection = {
      kind: 'socket',
      directory: postmaster.socketDirectory,
      port: postmaster.port,
      database: DATABASE,
      user: ROLE,
    };
    await createDatabase(connection);
    options.log.info({ pid: postmaster.pid, attach, version: plan.version, kind: plan.kind }, 'postgresql is ready');
    const stop = async () => void (await stopCluster(options.dataDir));
    return { kind: plan.kind, connection, version: plan.version, pid: postmaster.pid, attach, stop };
  } finally {
    await lock.release();
  }
}

/** Fast shutdown (SIGINT: sessions are ended, everything is written), then SIGQUIT, which recovers at the next start. */
export async function stopCluster(dataDir: string, patienceMs = 30_000): Promise<'stopped' | 'not-running'> {
  const found = readLockFile(clusterDirectory(dataDir));
  if (found.kind !== 'live') return 'not-running';
  const { pid, start } = found.postmaster;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (codeOf(error) === 'ESRCH') return 'stopped';
      throw new StoreError('not-owner', `may not stop PostgreSQL (process ${pid})`, {
        cause: error,
        hint: 'run as root or as the account that started it',
      });
    }
    for (let waited = 0; waited < patienceMs; waited += 20) {
      if (!isRunning(pid, start)) return 'stopped';
      await pause(20);
    }
  }
  throw new StoreError('locked', `PostgreSQL (process ${pid}) does not end`, {
    hint: `look at ${dataDir}/log/postgres.log`,
  });
}

/** initdb into a draft, then one rename: a half-made cluster never carries the name, and of two starters one wins. */
async function initialise(plan: PrivatePlan, options: ClusterOptions, account: Account): Promise<void> {
  const target = clusterDirectory(options.dataDir);
  const draft = `${target}.draft-${randomBytes(6).toString('hex')}`;
  await sweepDrafts(options.dataDir);
  options.log.info({ version: plan.version }, 'making a database cluster');
  try {
    await mkdir(draft, { mode: 0o700 });
    if (process.getuid?.() === 0) await chown(draft, account.uid, account.gid);
    const done = await exec(
      `${plan.binaries}/initdb`,
      ['-D', draft, '-U', ROLE, '-E', 'UTF8', '--locale=C', '-A', 'peer', '--data-checksums', '--no-instructions'],
      { ...identityOf(account), cwd: '/', timeoutMs: 300_000, env: minimalEnvironment({ HOME: draft, LC_ALL: 'C' }) },
    );
    if (done.status !== 0) initdbFailed(`${done.stderr}\n${done.stdout}\n${done.error ?? ''}`);
    // Peer authentication (SO_PEERCRED): only the account itself and root come in, whoever reaches the socket.
    await writeFile(`${draft}/pg_hba.conf`, `local all ${ROLE} peer map=${ROLE}\n`);
    const maps = [account.name, 'root'].map((name) => `${ROLE} "${name.replaceAll('"', '')}" ${ROLE}\n`);
    await writeFile(`${draft}/pg_ident.conf`, maps.join(''));
    await rename(draft, target);
  } catch (error) {
    if (isDiskFull(error)) initdbFailed('No space left on device');
    throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Only called under the start lock, so every draft here is an abandoned one. */
async function sweepDrafts(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith('postgres.draft-')) await rm(`${dataDir}/${name}`, { recursive: true, force: true });
  }
}

function initdbFailed(output: string): never {
  if (/No space left on device|could not extend|ENOSPC/.test(output)) {
    throw new StoreError('disk-full', 'no space left to make the database', {
      hint: 'free about 100 MB and try again',
    });
  }
  const line = output.split('\n').find((text) => /error|fatal|could not/i.test(text)) ?? output.trim();
  throw new StoreError('initdb-failed', `PostgreSQL could not make its data directory: ${printable(line, 300)}`, {
    hint: 'look at the message; database.url takes a server of your own instead',
  });
}

async function startOrAttach(
  plan: PrivatePlan,
  options: ClusterOptions,
  account: Account,
): Promise<{ postmaster: Postmaster; attach: boolean }> {
  const directory = clusterDirectory(options.dataDir);
  let started = false;
  for (let attempt = 0; attempt < startAttempts; attempt += 1) {
    const found = readLockFile(directory);
    if (found.kind === 'live') {
      const postmaster = await settled(options, found.postmaster);
      if (postmaster !== undefined) return { postmaster, attach: !started };
      continue;
    }
    if (found.kind === 'stale') {
      options.log.warn('removing the lock file of a PostgreSQL that is gone');
      await unlink(`${directory}/postmaster.pid`).catch(() => {});
    }
    // Started without room for its log, it would recover, fail and end, again and again.
    if (roomAt(options.dataDir).full) noRoom();
    const failure = await launch(plan, options, account);
    if (failure === undefined) started = true;
    // What a killed predecessor leaves for a moment: its children hold the shared memory, its entry is not reaped.
    else if (/lock file|shared memory|is being|still in use/i.test(failure)) await pause(250);
    else refuse(failure, options.dataDir);
  }
  throw new StoreError('start-failed', 'PostgreSQL did not become ready', {
    hint: `look at ${options.dataDir}/log/postgres.log`,
  });
}

/** Waits until a living server answers; undefined when it ended instead. */
async function settled(options: ClusterOptions, first: Postmaster): Promise<Postmaster | undefined> {
  let deaf: number | undefined;
  // Recovery after a crash may take minutes: a server that says `starting` is waited for as long as it lives.
  while (isRunning(first.pid, first.start)) {
    const now = readLockFile(clusterDirectory(options.dataDir));
    if (now.kind === 'live' && now.postmaster.pid === first.pid && now.postmaster.status === 'ready') {
      if (await isAnswering(now.postmaster)) return now.postmaster;
      deaf ??= options.clock.monotonic();
      if (options.clock.monotonic() - deaf > 30_000) {
        throw new StoreError('start-failed', `PostgreSQL (process ${first.pid}) runs but does not answer`, {
          hint: `its socket in \`${now.postmaster.socketDirectory}\` may be gone: run \`tricordon down\` and start again`,
        });
      }
    }
    await pause(25);
  }
  return undefined;
}

/** Starts the server; undefined once it holds the directory, else the end of what it said. */
async function launch(plan: PrivatePlan, options: ClusterOptions, account: Account): Promise<string | undefined> {
  const directory = clusterDirectory(options.dataDir);
  const path = `${options.dataDir}/log/postgres.log`;
  const log = openLogFile(path);
  try {
    const before = fstatSync(log).size;
    const child = spawnProcess(
      `${plan.binaries}/postgres`,
      ['-D', directory, ...Object.entries(settings(options)).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      {
        ...identityOf(account),
        cwd: '/',
        detached: true,
        stdio: ['ignore', log, log],
        env: minimalEnvironment({ HOME: directory, LC_ALL: 'C', TZ: 'UTC' }),
      },
    );
    let ended: string | undefined;
    child.once('error', (error) => {
      ended = messageOf(error);
    });
    child.once('exit', () => {
      ended ??= '';
    });
    child.unref();
    for (;;) {
      if (ended !== undefined) return ended === '' ? await tail(path, before) : ended;
      const found = readLockFile(directory);
      if (found.kind === 'live' && found.postmaster.pid === child.pid) return undefined;
      await pause(10);
    }
  } finally {
    closeSync(log);
  }
}

function settings(options: ClusterOptions): Record<string, string> {
  return {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: socketDirectory(options.runtimeDir),
    unix_socket_permissions: '0700',
    ssl: 'off',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
    // No statement and no parameter in the log: they may carry what workloads print, or hashes of secrets.
    log_min_error_statement: 'panic',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    shared_buffers: '32MB',
    max_connections: String(mostConnections),
    ...writeAheadSettings(roomAt(options.dataDir).totalBytes),
    jit: 'off',
    timezone: 'UTC',
  };
}

function identityOf(account: Account): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: account.uid, gid: account.gid } : {};
}

async function tail(path: string, from: number): Promise<string> {
  const size = (await stat(path)).size;
  const text = await readFile(path);
  return text.subarray(Math.max(from, size - 8_192)).toString('utf8');
}

function noRoom(): never {
  throw new StoreError('disk-full', 'no space left for the database', {
    hint: `free at least ${leastRoom >> 20} MB and try again`,
  });
}

function refuse(said: string, dataDir: string): never {
  if (/No space left on device/.test(said)) {
    noRoom();
  }
  const line =
    said.split('\n').find((text) => /FATAL|PANIC|error while loading/.test(text)) ?? said.trim().split('\n').at(-1);
  throw new StoreError('start-failed', `PostgreSQL did not start: ${printable(line ?? 'it said nothing', 300)}`, {
    hint: `look at ${dataDir}/log/postgres.log`,
  });
}
