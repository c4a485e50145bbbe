/** Runs programs: always an argument array, bounded output, a time-out, an abort signal; never a shell. */
import { type ChildProcess, type SpawnOptions, spawn as nodeSpawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment, minimalEnvironment } from './environment.js';

export interface ExecOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds until the child is killed; default 30,000. */
  readonly timeoutMs?: number;
  /** Bytes kept of each of stdout and stderr; the rest is dropped and `truncated` is set. Default 1 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  readonly uid?: number;
  readonly gid?: number;
}

export interface ExecResult {
  /** The exit status; 128 + signal number is not used: a killed child has `status` null and `signal` set. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  readonly timedOut: boolean;
  /** Set when the program could not be started at all (`ENOENT`, `EACCES`). */
  readonly error?: NodeJS.ErrnoException;
}

/** Runs a program to its end. Never throws: look at `status` and `error`. */
export type Exec = (file: string, args: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

export const exec: Exec = (file, args, options = {}) =>
  new Promise((resolve) => {
    const limit = options.maxBytes ?? 1 << 20;
    const child = nodeSpawn(file, [...args], {
      env: options.env ?? minimalEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' as const }),
    });
    const out = collector(limit);
    const err = collector(limit);
    let timedOut = false;
    let late: NodeJS.Timeout | undefined;
    let failure: NodeJS.ErrnoException | undefined;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
      // What it started may hold our pipes for ever.
      late = setTimeout(() => {
        for (const pipe of child.stdio) pipe?.destroy();
        finish(null, 'SIGKILL');
      }, 2_000);
    }, options.timeoutMs ?? 30_000);
    child.stdout.on('data', out.add);
    child.stderr.on('data', err.add);
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (error: NodeJS.ErrnoException) => {
      failure = error;
      if (child.pid === undefined) finish(null, null);
    });
    child.on('close', finish);

    let done = false;
    function finish(status: number | null, signal: NodeJS.Signals | null): void {
      if (done) return;
      done = true;
      clearTimeout(timer);
      clearTimeout(late);
      resolve({
        status,
        signal,
        stdout: out.text(),
        stderr: err.text(),
        truncated: out.truncated() || err.truncated(),
        timedOut,
        ...(failure === undefined ? {} : { error: failure }),
      });
    }
  });

/** Starts a program that lives on. The caller owns it: listen for `error` and `exit`. */
export function spawnProcess(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return nodeSpawn(file, [...args], { env: minimalEnvironment(), ...options, shell: false });
}

/** The absolute path of a program on `PATH` (and the sbin folders), or undefined. */
export function which(program: string): string | undefined {
  const folders = [
    ...(environment('PATH') ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ];
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue;
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

function collector(limit: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  return {
    add: (chunk: Buffer) => {
      const room = limit - size;
      if (chunk.length > room) over = true;
      if (room <= 0) return;
      const kept = chunk.subarray(0, room);
      chunks.push(kept);
      size += kept.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    truncated: () => over,
  };
}
