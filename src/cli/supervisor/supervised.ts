/** One process of ours under the supervisor: started, watched, restarted with back-off, stopped. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import { codeOf, messageOf, minimalEnvironment, openLogFile, printable, spawnProcess } from '../../base/index.js';
import { z } from 'zod';
import { CliError } from '../command.js';
import { entryOf, type ProcessEntry, stopAll } from '../state-file.js';

/** Behind standard streams and the channel. */
const keyDescriptor = 4;

const Complaint = z.looseObject({
  reason: z.string().optional(),
  error: z.string().optional(),
  msg: z.string().optional(),
  hint: z.string().optional(),
});

export interface SupervisedSpec {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd: string;
  /** Log of stderr, appended; standard output goes to `<log>.out`, made anew at each start. */
  readonly log: string;
  /** Gets the supervisor's end of fd 3 at every start. */
  readonly channel?: (end: Duplex) => void;
  readonly env?: Readonly<Record<string, string>>;
  /** Goes through an inherited descriptor at every start, whose number is the value of a last option, `--keys`. */
  readonly keys?: () => string;
}

export interface Supervised {
  readonly name: string;
  start(): void;
  /** The first JSON line the current process printed; resolves when it has. */
  ready(timeoutMs: number): Promise<Record<string, unknown>>;
  entry(): ProcessEntry | undefined;
  stop(graceMs: number): Promise<void>;
}

export function supervise(
  spec: SupervisedSpec,
  events: { changed(): void; restarting(name: string, why: string): void },
): Supervised {
  let child: ChildProcess | undefined;
  let current: ProcessEntry | undefined;
  let stopping = false;
  let failures = 0;
  let wasReady = false;
  let later: NodeJS.Timeout | undefined;

  function again(): void {
    try {
      launch();
    } catch (error) {
      // Not even a log could be opened, on a full disk for instance: tried again as if it had died.
      failures += 1;
      restart(messageOf(error));
    }
  }

  function restart(why: string): void {
    events.restarting(spec.name, why);
    // Not unreferenced: when every process of ours ended at once, this is all that keeps the supervisor alive.
    later = setTimeout(
      () => {
        if (stopping) return;
        again();
        events.changed();
      },
      Math.min(5_000, 100 * 2 ** failures),
    );
  }

  function launch(): void {
    const keys = spec.keys?.();
    const out = openSync(`${spec.log}.out`, 'w', 0o600);
    const log = openLogFile(spec.log);
    const startedAt = performance.now();
    const handed = keys === undefined ? [] : ['--keys', String(keyDescriptor)];
    const started = spawnProcess(spec.file, [...spec.args, ...handed], {
      cwd: spec.cwd,
      detached: true,
      stdio: [
        'ignore',
        out,
        log,
        spec.channel === undefined ? 'ignore' : 'pipe',
        ...(keys === undefined ? [] : (['pipe'] as const)),
      ],
      env: minimalEnvironment(spec.env ?? {}),
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    closeSync(out);
    closeSync(log);
    child = started;
    current = started.pid === undefined ? undefined : entryOf(spec.name, started.pid);
    const end = started.stdio[3];
    if (spec.channel !== undefined && end !== null && end !== undefined && 'write' in end) spec.channel(end as Duplex);
    handKeys(started.stdio[keyDescriptor], keys);
    let ended = false;
    const gone = (why: string) => {
      if (ended) return;
      ended = true;
      current = undefined;
      if (stopping) return;
      failures = performance.now() - startedAt > 10_000 ? 0 : failures + 1;
      restart(why);
    };
    started.on('error', (error) => gone(error.message));
    started.on('exit', (status, signal) => gone(signal ?? `exit status ${status}`));
  }

  return {
    name: spec.name,
    start: launch,
    entry: () => current,
    ready: async (timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const line = firstLine(`${spec.log}.out`);
        if (line !== undefined) {
          wasReady = true;
          return JSON.parse(line) as Record<string, unknown>;
        }
        // Dying again and again before it was ever ready: it says why itself, and waiting would not help.
        if (!wasReady && failures >= 3)
          throw new CliError('prerequisite', `${spec.name} does not start: ${lastWords(spec.log)}`, {
            hint: `see ${spec.log}`,
          });
        if (performance.now() > deadline)
          throw new Error(`${spec.name} was not ready after ${timeoutMs / 1000} s; see ${spec.log}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    stop: async (graceMs) => {
      stopping = true;
      clearTimeout(later);
      const entry = current;
      if (entry !== undefined) await stopAll([entry], graceMs);
      child?.unref();
    },
  };
}

/** One that dies before it has read them says why itself. */
function handKeys(pipe: Readable | Writable | null | undefined, keys: string | undefined): void {
  if (keys === undefined || pipe === null || pipe === undefined || !('write' in pipe)) return;
  pipe.on('error', () => {});
  pipe.end(keys);
}

/** Reason and hint of the last complaint in a log of JSON lines, or its last line. */
function lastWords(path: string): string {
  const line = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  try {
    const said = Complaint.parse(JSON.parse(line));
    return printable(
      [said.reason ?? said.error ?? said.msg, said.hint].filter((part) => part !== undefined).join('; '),
      400,
    );
  } catch {
    return printable(line, 400);
  }
}

function firstLine(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    return end < 0 ? undefined : text.slice(0, end);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
