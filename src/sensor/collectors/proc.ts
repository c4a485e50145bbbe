/**
 * The last rung: looks at `/proc` a few times a second. Needs no right and no tool; what lives shorter than the interval
 * and every file read is not seen, and its gaps say so.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  cgroupOf,
  commandLineOf,
  executableOf,
  type ProcessFacts,
  processFacts,
  systemClock,
} from '../../base/index.js';
import type { RawAct } from '../raw-event.js';
import { parseSocketTable, type SocketRow } from '../socket-table.js';
import type { Target } from '../target.js';
import type { Collector, RawSink } from './collector.js';

export interface ProcCollectorOptions {
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
  const every = options.everyMs ?? 200;
  return {
    name: 'proc',
    probe: async () => {
      if (processFacts(process.pid) !== undefined) return { usable: true };
      return { usable: false, reason: '/proc is not mounted', fix: 'mount -t proc proc /proc' };
    },
    gaps: [
      { what: `processes and connections that live shorter than ${every} ms`, fix: 'apt-get install strace' },
      { what: 'which files are read and written', fix: 'apt-get install strace' },
      { what: 'system calls refused by seccomp', fix: 'run as root with bpftrace' },
    ],
    start: async (sink, targets) => {
      const seen = new Map<number, Seen>();
      const look = () => {
        const watched = targets.all().filter((target) => options.watchedElsewhere?.(target) !== true);
        lookOnce(watched, seen, sink);
      };
      const timer = setInterval(look, every);
      look();
      return {
        watches: (target) =>
          options.watchedElsewhere?.(target) !== true && (target.root !== undefined || target.cgroup !== undefined),
        stop: async () => clearInterval(timer),
      };
    },
  };
}

function lookOnce(targets: readonly Target[], seen: Map<number, Seen>, sink: RawSink): void {
  const wallMs = systemClock.now();
  const emit = (facts: { pid: number; start: number; ppid?: number }, act: RawAct, cgroup: string | undefined) =>
    sink.event({
      source: 'proc',
      at: { wallMs },
      process: {
        pid: facts.pid,
        start: facts.start,
        ...(facts.ppid === undefined ? {} : { ppid: facts.ppid }),
        ...(cgroup === undefined ? {} : { cgroup }),
      },
      act,
    });
  const members = targets.length === 0 ? new Map<number, Member>() : membersOf(targets);
  for (const [pid, before] of seen) {
    const now = members.get(pid);
    if (now !== undefined && now.facts.start === before.start) continue;
    seen.delete(pid);
    // Attributed by what the process table still knows of this pid.
    sink.event({ source: 'proc', at: { wallMs }, process: { pid, start: before.start }, act: { kind: 'exit' } });
  }
  const tables = new Map<string, Tables>();
  for (const { facts, target } of members.values()) {
    const cgroup = target.cgroup?.id;
    const path = executableOf(facts.pid) ?? '';
    const args = commandLineOf(facts.pid) ?? [];
    const image = `${path}\0${args.join('\0')}`;
    let known = seen.get(facts.pid);
    if (known === undefined) {
      known = { start: facts.start, image: '', sockets: new Set(), stdio: new Set() };
      seen.set(facts.pid, known);
    }
    if (known.image !== image && path !== '') {
      known.image = image;
      const gone = path.endsWith(' (deleted)');
      emit(
        facts,
        {
          kind: 'exec',
          path,
          args: args.slice(0, 256),
          truncated: args.length > 256,
          ...(gone ? { drift: 'memory' } : {}),
        },
        cgroup,
      );
    }
    for (const act of socketActs(facts, known, tables)) emit(facts, act, cgroup);
  }
}

interface Member {
  readonly facts: ProcessFacts;
  readonly target: Target;
}

/** Everybody in the cgroup of a target, and everybody who descends from its first process. Parents come before children. */
function membersOf(targets: readonly Target[]): Map<number, Member> {
  const all = new Map<number, ProcessFacts>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const facts = processFacts(Number(name));
    if (facts !== undefined && facts.state !== 'Z') all.set(facts.pid, facts);
  }
  const members = new Map<number, Member>();
  const visit = (facts: ProcessFacts, depth: number): Target | undefined => {
    const already = members.get(facts.pid);
    if (already !== undefined) return already.target;
    const parent = depth < 64 ? all.get(facts.ppid) : undefined;
    const inherited = parent === undefined ? undefined : visit(parent, depth + 1);
    const target =
      targets.find(({ root }) => root?.pid === facts.pid && root.start === facts.start) ??
      (targets.some((one) => one.cgroup !== undefined) ? byCgroup(facts.pid, targets) : undefined) ??
      inherited;
    if (target !== undefined) members.set(facts.pid, { facts, target });
    return target;
  };
  for (const facts of all.values()) visit(facts, 0);
  return members;
}

function byCgroup(pid: number, targets: readonly Target[]): Target | undefined {
  const path = cgroupOf(pid);
  if (path === undefined) return undefined;
  return targets.find(
    ({ cgroup }) => cgroup !== undefined && (path === cgroup.path || path.startsWith(`${cgroup.path}/`)),
  );
}

interface Tables {
  readonly byInode: ReadonlyMap<string, SocketRow>;
  readonly listening: ReadonlySet<number>;
}

function socketActs(facts: ProcessFacts, known: Seen, tables: Map<string, Tables>): RawAct[] {
  const acts: RawAct[] = [];
  let namespace: string;
  let names: string[];
  try {
    namespace = readlinkSync(`/proc/${facts.pid}/ns/net`);
    names = readdirSync(`/proc/${facts.pid}/fd`);
  } catch {
    // gone, or another user's: then its sockets are not ours to see
    return acts;
  }
  let table = tables.get(namespace);
  const open = new Set<string>();
  for (const name of names) {
    const inode = /^socket:\[([0-9]+)\]$/.exec(link(`/proc/${facts.pid}/fd/${name}`))?.[1];
    if (inode === undefined) continue;
    table ??= readTables(facts.pid);
    tables.set(namespace, table);
    const row = table.byInode.get(inode);
    if (row === undefined || row.state === 'listen' || row.state === 'other') continue;
    const descriptor = Number(name);
    if (descriptor <= 2 && !known.stdio.has(descriptor)) {
      known.stdio.add(descriptor);
      acts.push({ kind: 'stdio-socket', descriptor, program: facts.comm });
    }
    open.add(inode);
    if (known.sockets.has(inode)) continue;
    const inbound = table.listening.has(row.local.port);
    acts.push(
      inbound
        ? { kind: 'accept', local: row.local, peer: row.peer }
        : { kind: 'connect', protocol: 'tcp', local: row.local, peer: row.peer, program: facts.comm, failed: false },
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

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
