/** The second rung: strace on our own children, as an ordinary user. Reads what the tracers write, as they write it. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, readSync } from 'node:fs';
import { type Exec, isRunning, which } from '../../base/index.js';
import { LineSplitter } from '../line-splitter.js';
import { newStraceState, parseOverdue, parseStraceLine } from '../strace/parse.js';
import type { Parsed } from '../raw-event.js';
import type { Target } from '../target.js';
import type { Collector, RawSink, RunningCollector } from './collector.js';

export interface StraceCollectorOptions {
  readonly exec: Exec;
  /** Milliseconds between looks at the files. Default 100. */
  readonly everyMs?: number;
}

interface Tail {
  readonly target: Target;
  readonly descriptor: number;
  readonly splitter: LineSplitter;
  /** Passes on what waits for a line that did not come within so many looks. */
  readonly overdue: (looks: number) => void;
  offset: number;
  dropped: number;
  untraced: boolean;
}

/** A file this large is emptied once it was read to its end. */
const truncateAt = 32 << 20;
const readSize = 1 << 18;
/** Looks that the lines of a child wait for those of its parent. */
const patience = 20;

export function straceCollector(options: StraceCollectorOptions): Collector {
  return {
    name: 'strace',
    gaps: [
      {
        what: 'system calls refused by seccomp, and the local port of outgoing connections',
        fix: 'run as root with bpftrace',
      },
      {
        what: 'a workload of the same user can end its tracer; that is noticed, what follows is not seen',
        fix: 'run as root',
      },
    ],
    probe: async () => {
      const program = which('strace');
      if (program === undefined)
        return { usable: false, reason: 'strace is not installed', fix: 'apt-get install strace' };
      const tried = await options.exec(
        program,
        ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=none', '--', '/bin/true'],
        { timeoutMs: 10_000 },
      );
      if (tried.status === 0) return { usable: true };
      return { usable: false, reason: 'ptrace is not permitted', fix: 'sysctl kernel.yama.ptrace_scope=1' };
    },
    start: async (sink, targets) => {
      const tails = new Map<string, Tail>();
      const follow = () => {
        const wanted = new Map(
          targets.all().flatMap((target) => (target.trace === undefined ? [] : [[target.workload, target]])),
        );
        for (const [workload, tail] of tails) {
          if (wanted.has(workload)) continue;
          drain(tail, sink);
          tail.overdue(0);
          closeSync(tail.descriptor);
          tails.delete(workload);
        }
        for (const [workload, target] of wanted) {
          if (tails.has(workload) || target.trace === undefined) continue;
          const tail = openTail(target, target.trace, sink);
          if (tail !== undefined) tails.set(workload, tail);
        }
      };
      const look = () => {
        follow();
        for (const tail of tails.values()) {
          drain(tail, sink);
          tail.overdue(patience);
          checkTracer(tail, sink);
        }
      };
      const forget = targets.onChange(follow);
      const timer = setInterval(look, options.everyMs ?? 100);
      look();
      const running: RunningCollector = {
        watches: (target) => tails.get(target.workload)?.untraced === false,
        stop: async () => {
          clearInterval(timer);
          forget();
          look();
          for (const tail of tails.values()) {
            tail.overdue(0);
            closeSync(tail.descriptor);
          }
          tails.clear();
        },
      };
      return running;
    },
  };
}

function openTail(target: Target, path: string, sink: RawSink): Tail | undefined {
  let descriptor: number;
  try {
    // Never through a link, and never waiting for a writer.
    descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // strace has not created it yet; the next look tries again
    return undefined;
  }
  if (!fstatSync(descriptor).isFile()) {
    closeSync(descriptor);
    return undefined;
  }
  const state = newStraceState();
  const pass = (all: readonly Parsed[]) => {
    for (const parsed of all) {
      if ('event' in parsed) sink.event({ ...parsed.event, workload: target.workload });
      else sink.note(parsed.note);
    }
  };
  return {
    target,
    descriptor,
    splitter: new LineSplitter((line) => pass(parseStraceLine(line, state))),
    overdue: (looks) => pass(parseOverdue(state, looks)),
    offset: 0,
    dropped: 0,
    untraced: false,
  };
}

function drain(tail: Tail, sink: RawSink): void {
  const buffer = Buffer.allocUnsafe(readSize);
  for (;;) {
    const size = readSync(tail.descriptor, buffer, 0, readSize, tail.offset);
    if (size === 0) break;
    tail.offset += size;
    tail.splitter.push(buffer.subarray(0, size));
  }
  if (tail.splitter.dropped > tail.dropped) {
    sink.note({ kind: 'lost', count: tail.splitter.dropped - tail.dropped });
    tail.dropped = tail.splitter.dropped;
  }
  if (tail.offset < truncateAt) return;
  // Between the last read and this call the tracer may have written: that is said, not hidden.
  const before = fstatSync(tail.descriptor).size;
  ftruncateSync(tail.descriptor, 0);
  if (before > tail.offset) sink.note({ kind: 'lost', count: 1 });
  tail.offset = 0;
}

function checkTracer(tail: Tail, sink: RawSink): void {
  const root = tail.target.root;
  if (root === undefined || !isRunning(root.pid, root.start)) return;
  let tracer: string | undefined;
  try {
    tracer = /^TracerPid:\s*([0-9]+)$/m.exec(readFileSync(`/proc/${root.pid}/status`, 'utf8'))?.[1];
  } catch {
    return;
  }
  const untraced = tracer === '0';
  // Before strace has attached there is nothing in the file.
  if (untraced === tail.untraced || (untraced && tail.offset === 0)) return;
  tail.untraced = untraced;
  const detail = `workload ${tail.target.workload} ${untraced ? 'lost its tracer' : 'is traced again'}`;
  sink.state({ kind: untraced ? 'blind' : 'seeing', detail });
}
