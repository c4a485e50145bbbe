/**
 * The last rung: looks at `/proc` a few times a second. Needs no right and no tool; what lives shorter than the interval
 * and every file read is not seen, and its gaps say so.
 */
import { readFileSync } from 'node:fs';
import { messageOf, processFacts, systemClock } from '../../base/index.js';
import type { Glimpse } from '../glimpse.js';
import type { Look } from '../proc-look.js';
import type { RawAct } from '../raw-event.js';
import { parseSocketTable, type SocketRow } from '../socket-table.js';
import type { Target } from '../target.js';
import type { Collector, RawSink } from './collector.js';

export interface ProcCollectorOptions {
  /** Who looks: we ourselves, or the helper, where the processes are other users'. */
  readonly look: Look;
  /** The command that would give a stronger rung. */
  readonly fix: string;
  /** Milliseconds between looks. Default 200. */
  readonly everyMs?: number;
  /** Targets that a stronger rung watches are left to it. */
  readonly watchedElsewhere?: (target: Target) => boolean;
}

interface Seen {
  readonly start: number;
  image: string;
  readonly sockets: Set<string>;
  readonly stdio: Set<number>;
}

export function procCollector(options: ProcCollectorOptions): Collector {
  const { look, fix, everyMs: every = 200 } = options;
  const mine = (target: Target) =>
    options.watchedElsewhere?.(target) !== true && (target.root !== undefined || target.cgroup !== undefined);
  return {
    name: 'proc',
    probe: async () => {
      if (processFacts(process.pid) !== undefined) return { usable: true };
      return { usable: false, reason: '/proc is not mounted', fix: 'mount -t proc proc /proc' };
    },
    gaps: [
      { what: `processes and connections that live shorter than ${every} ms`, fix },
      { what: 'which files are read and written', fix },
      { what: 'system calls refused by seccomp', fix: 'run as root with bpftrace' },
    ],
    start: async (sink, targets) => {
      const seen = new Map<number, Seen>();
      let stopped = false;
      let blindSince: number | undefined;
      const round = async () => {
        try {
          compare(await look(targets.all().filter(mine)), seen, sink);
          if (blindSince === undefined) return;
          sink.state({ kind: 'seeing', detail: 'looks at /proc again', blindMs: systemClock.now() - blindSince });
          blindSince = undefined;
        } catch (error) {
          if (blindSince === undefined)
            sink.state({ kind: 'blind', detail: `cannot look at /proc: ${messageOf(error)}` });
          blindSince ??= systemClock.now();
        }
      };
      let timer: NodeJS.Timeout | undefined;
      const next = async () => {
        await round();
        if (!stopped) timer = setTimeout(() => void next(), every);
      };
      const first = next();
      await first;
      return {
        watches: (target) => blindSince === undefined && mine(target),
        stop: async () => {
          stopped = true;
          clearTimeout(timer);
        },
      };
    },
  };
}

/** Tells what is new since the last look. */
function compare(found: ReadonlyMap<Target, readonly Glimpse[]>, seen: Map<number, Seen>, sink: RawSink): void {
  const wallMs = systemClock.now();
  const alive = new Map([...found.values()].flat().map(({ pid, start }) => [pid, start]));
  for (const [pid, before] of seen) {
    if (alive.get(pid) === before.start) continue;
    seen.delete(pid);
    // Attributed by what the process table still knows of this pid.
    sink.event({ source: 'proc', at: { wallMs }, process: { pid, start: before.start }, act: { kind: 'exit' } });
  }
  const tables = new Map<string, Tables>();
  for (const [target, processes] of found) {
    for (const one of processes) {
      const process = {
        pid: one.pid,
        start: one.start,
        ppid: one.ppid,
        ...(target.cgroup === undefined ? {} : { cgroup: target.cgroup.id }),
      };
      let known = seen.get(one.pid);
      if (known === undefined) {
        known = { start: one.start, image: '', sockets: new Set(), stdio: new Set() };
        seen.set(one.pid, known);
      }
      for (const act of [...execution(one, known), ...socketActs(one, known, tables)])
        sink.event({ source: 'proc', at: { wallMs }, process, act, workload: target.workload });
    }
  }
}

function execution({ executable, args, argsTruncated }: Glimpse, known: Seen): RawAct[] {
  const image = `${executable}\0${args.join('\0')}`;
  if (executable === null || known.image === image) return [];
  known.image = image;
  const gone = executable.endsWith(' (deleted)');
  return [
    { kind: 'exec', path: executable, args, truncated: argsTruncated, ...(gone ? { drift: 'memory' as const } : {}) },
  ];
}

interface Tables {
  readonly byInode: ReadonlyMap<string, SocketRow>;
  readonly listening: ReadonlySet<number>;
}

function socketActs({ pid, comm, network }: Glimpse, known: Seen, tables: Map<string, Tables>): RawAct[] {
  if (network === null) return [];
  const acts: RawAct[] = [];
  const open = new Set<string>();
  for (const { descriptor, inode } of network.sockets) {
    const table = tables.get(network.namespace) ?? readTables(pid);
    tables.set(network.namespace, table);
    const row = table.byInode.get(inode);
    if (row === undefined || row.state === 'listen' || row.state === 'other') continue;
    if (descriptor <= 2 && !known.stdio.has(descriptor)) {
      known.stdio.add(descriptor);
      acts.push({ kind: 'stdio-socket', descriptor, program: comm });
    }
    open.add(inode);
    if (known.sockets.has(inode)) continue;
    const inbound = table.listening.has(row.local.port);
    acts.push(
      inbound
        ? { kind: 'accept', local: row.local, peer: row.peer }
        : { kind: 'connect', protocol: 'tcp', local: row.local, peer: row.peer, program: comm, failed: false },
    );
  }
  known.sockets.clear();
  for (const inode of open) known.sockets.add(inode);
  return acts;
}

function readTables(pid: number): Tables {
  const byInode = new Map<string, SocketRow>();
  const listening = new Set<number>();
  for (const name of ['tcp', 'tcp6']) {
    for (const row of parseSocketTable(read(`/proc/${pid}/net/${name}`))) {
      byInode.set(row.inode, row);
      if (row.state === 'listen') listening.add(row.local.port);
    }
  }
  return { byInode, listening };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
