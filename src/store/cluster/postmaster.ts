/** The running server of a data directory, as its own lock file and `/proc` tell it. */
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { commandLineOf, isRunning, processFacts } from '../../base/index.js';

export interface Postmaster {
  readonly pid: number;
  /** Clock ticks after boot; with the pid it names one process for ever. */
  readonly start: number;
  readonly port: number;
  readonly socketDirectory: string;
  readonly status: 'ready' | 'starting' | 'stopping' | 'other';
}

export type LockFile =
  | { readonly kind: 'none' }
  /** The file is there, but no server of this directory runs: left by kill -9 or a crash of the machine. */
  | { readonly kind: 'stale'; readonly content: string }
  | { readonly kind: 'live'; readonly postmaster: Postmaster };

/**
 * Reads `postmaster.pid` (lines: pid, directory, start time, port, socket directory, address, shared memory, status) and
 * checks that the pid really is a server of this directory: pids are reused, and a killed one may stay as a zombie.
 */
export function readLockFile(directory: string): LockFile {
  let content: string;
  try {
    content = readFileSync(`${directory}/postmaster.pid`, 'utf8');
  } catch {
    return { kind: 'none' };
  }
  const lines = content.split('\n');
  const pid = Number(lines[0]);
  const facts = Number.isInteger(pid) && pid > 1 ? processFacts(pid) : undefined;
  if (facts === undefined || !isRunning(pid, facts.start) || !servesDirectory(pid, facts.comm, directory)) {
    return { kind: 'stale', content };
  }
  const word = (lines[7] ?? '').trim();
  return {
    kind: 'live',
    postmaster: {
      pid,
      start: facts.start,
      port: Number(lines[3] ?? 0),
      socketDirectory: (lines[4] ?? '').trim(),
      status: word === 'ready' || word === 'starting' || word === 'stopping' ? word : 'other',
    },
  };
}

function servesDirectory(pid: number, comm: string, directory: string): boolean {
  if (comm !== 'postgres' && comm !== 'postmaster') return false;
  const real = realpathSync(directory);
  try {
    // The postmaster makes its data directory its working directory.
    return readlinkSync(`/proc/${pid}/cwd`) === real;
  } catch {
    // Another account's process: its arguments are readable all the same.
    return commandLineOf(pid)?.some((argument) => argument === directory || argument === real) ?? false;
  }
}
