/** Reads bpftrace's JSON lines. Nothing a workload writes can forge a row: its text is always one JSON string's tail. */
import { printable } from '../../base/index.js';
import type { Parsed, RawAct, RawEvent, RawProcess } from '../raw-event.js';
import { chunkBytes } from './script.js';

interface PendingExec {
  readonly process: RawProcess;
  readonly bootMs: number;
  readonly path: string;
  readonly uid: number;
  readonly drift: number;
  readonly parent: string;
  readonly chunks: string[];
  length: number;
}

/** Rows that belong together arrive one after the other per process; this holds the unfinished ones. */
export interface ParseState {
  readonly execs: Map<number, PendingExec>;
  readonly opens: Map<number, RawEvent>;
  /** Executable name by pid, to say which program opened a file. */
  readonly programs: Map<number, string>;
  /** Directory that a relative path starts from, by `pid:descriptor`; the source puts it before the row. */
  readonly directories: Map<string, string>;
}

const pendingLimit = 4_096;
const programLimit = 65_536;

export function newParseState(): ParseState {
  return { execs: new Map(), opens: new Map(), programs: new Map(), directories: new Map() };
}

/** @returns what the line says; a line that cannot be read becomes a note, never an exception. */
export function parseBpftraceLine(line: string, state: ParseState): readonly Parsed[] {
  if (line.trim() === '') return [];
  let row: unknown;
  try {
    row = JSON.parse(repair(line));
  } catch {
    return unreadable(line);
  }
  if (typeof row !== 'object' || row === null || !('type' in row) || !('data' in row)) return unreadable(line);
  if (row.type === 'lost_events') {
    const events =
      typeof row.data === 'object' && row.data !== null && 'events' in row.data ? row.data.events : undefined;
    return [{ note: { kind: 'lost', count: typeof events === 'number' && events > 0 ? events : 1 } }];
  }
  if (row.type !== 'printf') return [];
  if (typeof row.data !== 'string') return unreadable(line);
  return parseRow(text(row.data).replace(/\n$/, ''), state) ?? unreadable(line);
}

function parseRow(row: string, state: ParseState): Parsed[] | undefined {
  const cells = row.split('\t', 5);
  const kind = cells[0];
  if (kind === 'UP') return [{ note: { kind: 'up' } }, ...tick(cells[1])];
  if (kind === 'TK') return [...flush(state), ...tick(cells[1])];
  if (kind === 'CG') {
    const [, id = '', parent = ''] = cells;
    if (!isNumber(id) || !isNumber(parent)) return undefined;
    return [{ note: { kind: 'cgroup', id, parent, name: rest(row, 3) } }];
  }
  if (kind === 'CW') {
    const [, pid = '', descriptor = ''] = cells;
    if (!isNumber(pid)) return undefined;
    bounded(state.directories, pendingLimit).set(`${pid}:${descriptor}`, rest(row, 3));
    return [];
  }
  if (kind === 'AR') {
    const pending = state.execs.get(Number(cells[1]));
    if (pending === undefined) return [];
    pending.length = Number(cells[3]);
    pending.chunks.push(rest(row, 4));
    return [];
  }
  if (kind === 'OC') {
    const open = state.opens.get(Number(cells[1]));
    if (open === undefined || open.act.kind !== 'open') return [];
    state.opens.delete(Number(cells[1]));
    const more = rest(row, 2);
    const whole = open.act.path + more + (Buffer.byteLength(more) >= chunkBytes ? '…' : '');
    return [{ event: { ...open, act: { ...open.act, path: whole } } }];
  }
  if (cells.length < 5 || !cells.slice(1, 5).every(isNumber)) return undefined;
  const [, ns, pid, start, cgroup = ''] = cells;
  const process: RawProcess = { pid: Number(pid), start: Number(start), cgroup };
  return act(kind ?? '', Number(ns) / 1e6, process, row, state);
}

function act(kind: string, bootMs: number, process: RawProcess, row: string, state: ParseState): Parsed[] | undefined {
  const field = (index: number) => row.split('\t', 6 + index)[5 + index] ?? '';
  const made = (what: RawAct, who = process): Parsed[] => [
    { event: { source: 'bpftrace', at: { bootMs }, process: who, act: what } },
  ];
  switch (kind) {
    case 'EX': {
      const before = finishExec(process.pid, state);
      const directory = state.directories.get(`${process.pid}:-100`);
      state.directories.delete(`${process.pid}:-100`);
      bounded(state.execs, pendingLimit).set(process.pid, {
        process: { ...process, ppid: Number(field(0)), ...(directory === undefined ? {} : { cwd: directory }) },
        bootMs,
        uid: Number(field(1)),
        drift: Number(field(2)),
        parent: name(field(3)),
        path: rest(row, 9),
        chunks: [],
        length: 0,
      });
      return before;
    }
    case 'XE': {
      const execution = finishExec(process.pid, state);
      return field(0) === '1' ? [...execution, ...made({ kind: 'stdio-socket', descriptor: 0 })] : execution;
    }
    case 'XR':
      return made(
        {
          kind: 'exec',
          path: rest(row, 8),
          args: [],
          truncated: false,
          uid: Number(field(1)),
          parent: name(field(2)),
          refused: true,
        },
        { ...process, ppid: Number(field(0)) },
      );
    case 'FK': {
      const child = Number(field(0));
      const program = state.programs.get(process.pid);
      if (program !== undefined) bounded(state.programs, programLimit).set(child, program);
      return made({ kind: 'fork', child });
    }
    case 'XT': {
      const code = Number(field(0));
      state.programs.delete(process.pid);
      // wait(2): the low seven bits are the signal, the next byte the status.
      const status = (code & 0x7f) === 0 ? (code >> 8) & 0xff : 128 + (code & 0x7f);
      return [...finishExec(process.pid, state), ...made({ kind: 'exit', status })];
    }
    case 'OP': {
      const tid = Number(field(0));
      const descriptor = field(3);
      const path = rest(row, 9);
      const program = state.programs.get(process.pid);
      const directory = path.startsWith('/') ? undefined : state.directories.get(`${process.pid}:${descriptor}`);
      state.directories.delete(`${process.pid}:${descriptor}`);
      const earlier = state.opens.get(tid);
      state.opens.delete(tid);
      const [opened] = made(
        {
          kind: 'open',
          path,
          write: field(1) === '1',
          failed: field(2) !== '0',
          ...(field(2) === '2' ? { refused: true } : {}),
          ...(program === undefined ? {} : { program }),
        },
        directory === undefined ? process : { ...process, cwd: directory },
      );
      if (opened === undefined || !('event' in opened)) return undefined;
      const held: Parsed[] = earlier === undefined ? [] : [{ event: earlier }];
      if (Buffer.byteLength(path) < chunkBytes) return [...held, opened];
      bounded(state.opens, pendingLimit).set(tid, opened.event);
      return held;
    }
    case 'C4':
    case 'C6': {
      const type = Number(field(1));
      const local = { address: field(2), port: Number(field(3)) };
      return made({
        kind: 'connect',
        protocol: type === 1 ? 'tcp' : type === 2 ? 'udp' : 'other',
        peer: { address: field(4), port: Number(field(5)) },
        ...(local.port === 0 ? {} : { local }),
        program: name(field(6)),
        failed: refused(Number(field(0))),
      });
    }
    case 'CU':
      return made({
        kind: 'connect',
        protocol: 'unix',
        peer: { address: `${field(1) === '1' ? '@' : ''}${rest(row, 8)}`, port: 0 },
        program: name(field(2)),
        failed: refused(Number(field(0))),
      });
    case 'A4':
    case 'A6':
      return made({
        kind: 'accept',
        local: { address: field(0), port: Number(field(1)) },
        peer: { address: field(2), port: Number(field(3)) },
      });
    case 'DS':
      return made({ kind: 'stdio-socket', descriptor: Number(field(0)), program: name(field(1)) });
    case 'DN':
      return made({ kind: 'denied-syscall', number: Number(field(0)) });
    case 'IU':
      return made({
        kind: 'blind-spot',
        detail: 'io_uring was set up: file and network operations through it are not seen',
      });
    default:
      return undefined;
  }
}

function finishExec(pid: number, state: ParseState): Parsed[] {
  const pending = state.execs.get(pid);
  if (pending === undefined) return [];
  state.execs.delete(pid);
  bounded(state.programs, programLimit).set(pid, pending.path.slice(pending.path.lastIndexOf('/') + 1).slice(0, 64));
  const raw = unescaped(pending.chunks.join(''));
  const args = raw.replace(/\0$/, '').split('\0');
  const kept = args.slice(0, 256);
  const event: RawEvent = {
    source: 'bpftrace',
    at: { bootMs: pending.bootMs },
    process: pending.process,
    act: {
      kind: 'exec',
      path: Buffer.byteLength(pending.path) >= chunkBytes ? `${pending.path}…` : pending.path,
      args: raw === '' ? [] : kept,
      truncated: pending.length > chunkBytes * 3 || args.length > kept.length,
      uid: pending.uid,
      parent: pending.parent,
      ...(pending.drift >= 2 ? { drift: 'memory' as const } : pending.drift === 1 ? { drift: 'layer' as const } : {}),
    },
  };
  return [{ event }];
}

/** A continuation that was lost must not hold its event back for ever. */
function flush(state: ParseState): Parsed[] {
  const out: Parsed[] = [...state.opens.values()].map((event) => ({
    event: event.act.kind === 'open' ? { ...event, act: { ...event.act, path: `${event.act.path}…` } } : event,
  }));
  state.opens.clear();
  for (const pid of [...state.execs.keys()]) out.push(...finishExec(pid, state));
  return out;
}

/** EINPROGRESS (115) is a connection under way, EISCONN (106) one that stands. */
function refused(result: number): boolean {
  return result < 0 && result !== -115 && result !== -106;
}

function tick(ns: string | undefined): Parsed[] {
  return ns !== undefined && isNumber(ns) ? [{ note: { kind: 'tick', bootMs: Number(ns) / 1e6 } }] : [];
}

function rest(row: string, skip: number): string {
  let at = 0;
  for (let n = 0; n < skip; n += 1) {
    const tab = row.indexOf('\t', at);
    if (tab < 0) return '';
    at = tab + 1;
  }
  return row.slice(at);
}

/** `%r` writes what is not printable as `\xNN` and does not escape the backslash: `comm` ends at its first NUL. */
function name(escaped: string): string {
  return escaped.split('\\x00', 1)[0] ?? '';
}

function unescaped(escaped: string): string {
  const bytes = Buffer.from(
    escaped.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  return bytes.toString('utf8');
}

/**
 * bpftrace 0.17 prints a byte above 0x7f as `\uffffffNN` (a sign-extended char), which is not JSON. Escapes are walked
 * from left to right, so that the same characters in a file name (`\\uffffffc3`) stay what they are.
 */
function repair(line: string): string {
  return line.replace(/\\(?:uffffff([89a-f][0-9a-f])|u[0-9a-f]{4}|[^u])/g, (whole, byte: string | undefined) =>
    byte === undefined ? whole : `\\u00${byte}`,
  );
}

/** Bytes arrive one per character; newer versions print UTF-8 themselves. */
function text(data: string): string {
  return /^[\u0000-\u00ff]*$/.test(data) ? Buffer.from(data, 'latin1').toString('utf8') : data;
}

function isNumber(cell: string): boolean {
  return /^-?[0-9]{1,20}$/.test(cell);
}

function unreadable(line: string): Parsed[] {
  return [{ note: { kind: 'unreadable', detail: printable(line, 200) } }];
}

function bounded<K, V>(map: Map<K, V>, limit: number): Map<K, V> {
  if (map.size >= limit) {
    const oldest = map.keys().next();
    if (oldest.done !== true) map.delete(oldest.value);
  }
  return map;
}
