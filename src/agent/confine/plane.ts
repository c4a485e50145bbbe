import { closeSync, mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { isRunning, minimalEnvironment, openLogFile, processFacts, spawnProcess } from '../../base/index.js';
import type { RunningProcess } from './cgroup.js';
import { ConfineError } from './errors.js';
import type { Place, Prepared } from './rung.js';
import { socketPair } from './socket-pair.js';

type ChildProcess = ReturnType<typeof spawnProcess>;

export interface PlaneOptions {
  readonly place: Place;
  /** Null: the workload is not captured, there is no inlet. */
  readonly redirectPort: number | null;
  readonly nodePath: string;
  readonly programDir: string;
  /** Unix socket that the sidecar will listen on for its agent. */
  readonly control: string;
  /** File that both write their log to; appended, 0600. */
  readonly log: string;
  /** Account of both as root; absent: our own. */
  readonly account?: { readonly uid: number; readonly gid: number };
}

export interface PlaneProcessPair {
  readonly sidecar: RunningProcess;
  readonly inlet: RunningProcess | null;
}

/**
 * Starts a sidecar, and where traffic is captured its inlet inside the namespace, joined by an IPC channel. Both go on
 * when we end. Every step of their command lines replaces itself, so the pids are those of the two node processes.
 *
 * @throws ConfineError `plane-failed`
 */
export async function spawnPlane(options: PlaneOptions): Promise<PlaneProcessPair> {
  const { nodePath, programDir, redirectPort } = options;
  const main = [nodePath, `${programDir}/dist/traffic/main.js`, '--control', options.control];
  const account = accountWords(options);
  const log = options.account === undefined ? openLog(options.log) : undefined;
  const started: ChildProcess[] = [];
  try {
    if (redirectPort === null) {
      const sidecar = await start([...account, ...main], log, undefined, started);
      return { sidecar, inlet: null };
    }
    const [ours, theirs] = await socketPair();
    try {
      const sidecar = await start([...account, ...main], log, ours, started);
      const inlet = await start(inletWords(options, account, redirectPort), log, theirs, started);
      return { sidecar, inlet };
    } finally {
      ours.destroy();
      theirs.destroy();
    }
  } catch (error) {
    for (const child of started) child.kill('SIGKILL');
    throw error;
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openLogFile(path);
}

/** What `spawnPlane` needs to know of a prepared workload. */
export function planeOptions(
  prepared: Prepared,
  rest: Pick<PlaneOptions, 'control' | 'log' | 'account'>,
): PlaneOptions {
  const { nodePath, programDir } = prepared.spec;
  return { place: prepared.place, redirectPort: prepared.redirectPort, nodePath, programDir, ...rest };
}

/** Ends what `spawnPlane` started; a reused pid is never hit. */
export function stopPlane(pair: PlaneProcessPair): void {
  for (const one of [pair.sidecar, pair.inlet]) {
    if (one !== null && isRunning(one.pid, one.start)) process.kill(one.pid, 'SIGKILL');
  }
}

function inletWords(options: PlaneOptions, account: readonly string[], redirectPort: number): string[] {
  const { nodePath, programDir, place } = options;
  const inlet = [nodePath, `${programDir}/dist/agent/confine/inlet.js`, String(redirectPort)];
  switch (place.kind) {
    case 'netns':
      return ['nsenter', `--net=/run/netns/${place.name}`, '--', ...account, ...inlet];
    case 'userns':
      return [
        'nsenter',
        `--target=${place.pid}`,
        '--user',
        '--preserve-credentials',
        '--net',
        '--',
        ...dropped,
        ...inlet,
      ];
    case 'host':
      throw new ConfineError('spec-refused', 'a workload without a namespace of its own has no inlet');
  }
}

const dropped = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs', '--'];

function accountWords({ account, log }: PlaneOptions): string[] {
  if (account === undefined) return [];
  const [setpriv = '', ...rest] = dropped;
  return [
    ...[setpriv, `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...rest],
    // The account opens its log itself: root opens no file in a folder that the account can change.
    ...['/bin/sh', '-c', 'umask 077 && exec >>"$0" 2>&1 && exec "$@"', log],
  ];
}

async function start(
  words: readonly string[],
  log: number | undefined,
  channel: Socket | undefined,
  started: ChildProcess[],
): Promise<RunningProcess> {
  const [file = '', ...args] = words;
  const child = spawnProcess(file, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log ?? 'ignore', log ?? 'ignore', ...(channel === undefined ? [] : [channel])],
    env: minimalEnvironment(
      channel === undefined ? {} : { NODE_CHANNEL_FD: '3', NODE_CHANNEL_SERIALIZATION_MODE: 'json' },
    ),
  });
  started.push(child);
  const problem = await new Promise<Error | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined));
    child.once('error', resolve);
  });
  child.on('error', () => {});
  const facts = child.pid === undefined ? undefined : processFacts(child.pid);
  if (problem !== undefined || facts === undefined) {
    throw new ConfineError('plane-failed', `\`${file}\` did not start`, { cause: problem });
  }
  child.unref();
  return { pid: facts.pid, start: facts.start };
}
