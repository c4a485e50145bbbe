/**
 * Reads strace's output. Strings of the workload stand in quotes with every control character escaped, so a line end or a
 * quote in a file name cannot make a line or end an argument; what does not parse is a note, never a guess.
 */
import { createHash } from 'node:crypto';
import { printable } from '../../base/index.js';
import type { Parsed, RawAct, RawProcess } from '../raw-event.js';
import { type Births, bear, die, isBorn, keep, newBirths, overdue } from './births.js';

export interface StraceState {
  /** Beginnings of calls that another thread interrupted in the file, by thread. */
  readonly unfinished: Map<number, string>;
  /** Process by thread. */
  readonly threads: Map<number, number>;
  readonly directories: Map<number, string>;
  readonly programs: Map<number, string>;
  readonly births: Births;
}

const limit = 16_384;

export function newStraceState(): StraceState {
  return {
    unfinished: new Map(),
    threads: new Map(),
    directories: new Map(),
    programs: new Map(),
    births: newBirths(),
  };
}

/** Nothing comes of a line whose thread nobody is known to have made: it is kept until its maker's line was read. */
export function parseStraceLine(line: string, state: StraceState): readonly Parsed[] {
  if (line.trim() === '') return [];
  const head = /^(?:\[pid +)?([0-9]+)\]? +([0-9]+\.[0-9]+) (.*)$/s.exec(line);
  if (head === null) return unreadable(line);
  const tid = Number(head[1]);
  if (isBorn(state.births, tid)) return parseAct(tid, Number(head[2]) * 1_000, head[3] ?? '', line, state);
  return adopt(keep(state.births, tid, line), state);
}

/** What was kept too long is read as it stands: late and without what its maker would have told is better than never. */
export function parseOverdue(state: StraceState, looks: number): readonly Parsed[] {
  return adopt(overdue(state.births, looks), state);
}

function adopt(lines: readonly string[], state: StraceState): readonly Parsed[] {
  return lines.flatMap((line) => parseStraceLine(line, state));
}

function parseAct(tid: number, wallMs: number, text: string, line: string, state: StraceState): readonly Parsed[] {
  let call = text;
  const pid = state.threads.get(tid) ?? tid;
  if (call.startsWith('+++ ') || call.startsWith('--- ')) return named(line, ending(call, tid, pid, wallMs, state));
  if (call.endsWith(' <unfinished ...>')) {
    bounded(state.unfinished).set(tid, call.slice(0, -' <unfinished ...>'.length));
    return [];
  }
  const resumed = /^<\.\.\. [a-z0-9_]+ resumed>(.*)$/s.exec(call);
  if (resumed !== null) {
    const begun = state.unfinished.get(tid);
    state.unfinished.delete(tid);
    // The beginning was written before we read along.
    if (begun === undefined) return [];
    call = begun + (resumed[1] ?? '');
  }
  const split = splitCall(call);
  if (split === undefined) return unreadable(line);
  return named(line, toEvents(split, pid, wallMs, state));
}

/** By its own line, with thread and microsecond in it: read again by the next agent, it is the same act. */
function named(line: string, all: readonly Parsed[]): readonly Parsed[] {
  return all.map((one) =>
    'event' in one && one.event.key === undefined ? { event: { ...one.event, key: digestOf(line) } } : one,
  );
}

function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('base64url').slice(0, 16);
}

interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly result: string;
}

/** Splits at the top level: never inside quotes, brackets or `<descriptor decoration>`. */
function splitCall(text: string): Call | undefined {
  const open = text.indexOf('(');
  const name = text.slice(0, open);
  if (open < 1 || !/^[a-z0-9_]+$/.test(name)) return undefined;
  const args: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
      if (at < 0) return undefined;
    } else if (char === '<') {
      // strace escapes angle brackets in names; `->` and `<char 1:3>` are its own.
      at = endOfDecoration(text, at);
      if (at < 0) return undefined;
    } else if (char === '/' && text[at + 1] === '*') {
      at = text.indexOf('*/', at);
      if (at < 0) return undefined;
      at += 1;
    } else if (char === '[' || char === '{' || char === '(') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    else if (char === ')' && depth > 0) depth -= 1;
    else if (char === ',' && depth === 0) {
      args.push(text.slice(from, at).trim());
      from = at + 1;
    } else if (char === ')') {
      const last = text.slice(from, at).trim();
      if (last !== '') args.push(last);
      const result = /^\s*= (.*)$/s.exec(text.slice(at + 1))?.[1];
      return result === undefined ? undefined : { name, args, result };
    }
  }
  return undefined;
}

function toEvents({ name, args, result }: Call, pid: number, wallMs: number, state: StraceState): readonly Parsed[] {
  const value = Number(/^-?[0-9]+/.exec(result)?.[0] ?? Number.NaN);
  const failed = !(value >= 0);
  const at = (index: number) => args[index] ?? '';
  const made = (act: RawAct, cwd = state.directories.get(pid)): Parsed[] => {
    const process: RawProcess = { pid, ...(cwd === undefined ? {} : { cwd }) };
    return [{ event: { source: 'strace', at: { wallMs }, process, act } }];
  };
  const program = state.programs.get(pid);
  const by = program === undefined ? {} : { program };
  switch (name) {
    case 'execve':
    case 'execveat': {
      // A name that is not there is a search through PATH, no act; a refusal is one.
      if (failed && !isRefusal(result)) return [];
      const shift = name === 'execveat' ? 1 : 0;
      if (shift === 1) directoryOf(at(0), pid, state);
      const path = unquoted(at(shift));
      const list = at(shift + 1);
      if (path === undefined) return unreadable(`${name}(${args.join(', ')})`);
      const strings = list.startsWith('[') ? (splitCall(`x(${list.slice(1, -1)}) = 0`)?.args ?? []) : [];
      const values = strings.map(unquoted).filter((text) => text !== undefined);
      if (!failed) bounded(state.programs).set(pid, path.slice(path.lastIndexOf('/') + 1).slice(0, 64));
      const truncated = list.includes('...') && strings.some((text) => text.endsWith('...'));
      return made({ kind: 'exec', path, args: values, truncated, ...(failed ? { refused: true } : {}) });
    }
    case 'open':
    case 'creat':
    case 'openat':
    case 'openat2': {
      const shift = name.startsWith('openat') ? 1 : 0;
      const from = shift === 1 ? directoryOf(at(0), pid, state) : state.directories.get(pid);
      const path = unquoted(at(shift));
      if (path === undefined) return [];
      const flags = name === 'creat' ? 'O_CREAT' : at(shift + 1);
      const write = /O_(WRONLY|RDWR|CREAT|TRUNC)/.test(flags);
      const refused = failed && isRefusal(result) ? { refused: true } : {};
      return made({ kind: 'open', path, write, failed, ...refused, ...by }, from);
    }
    case 'connect': {
      const peer = address(at(1));
      if (peer === undefined) return [];
      const socket = at(0);
      const protocol = peer.unix ? 'unix' : /<TCP/.test(socket) ? 'tcp' : /<UDP/.test(socket) ? 'udp' : 'other';
      const bad = failed && !/EINPROGRESS|EISCONN/.test(result);
      return made({ kind: 'connect', protocol, peer: { address: peer.address, port: peer.port }, failed: bad, ...by });
    }
    case 'accept':
    case 'accept4': {
      const pair = /^[0-9]+<TCP(?:v6)?:\[(.+):([0-9]+)->(.+):([0-9]+)\]>/.exec(result);
      if (failed || pair === null) return [];
      return made({
        kind: 'accept',
        local: { address: bare(pair[1]), port: Number(pair[2]) },
        peer: { address: bare(pair[3]), port: Number(pair[4]) },
      });
    }
    case 'dup2':
    case 'dup3': {
      const descriptor = Number.parseInt(at(1), 10);
      if (failed || !(descriptor <= 2) || !/^[0-9]+<(TCP|UDP)/.test(at(0))) return [];
      return made({ kind: 'stdio-socket', descriptor, ...by });
    }
    case 'chdir': {
      const path = unquoted(at(0));
      const now = state.directories.get(pid);
      if (failed || path === undefined) return [];
      if (path.startsWith('/')) bounded(state.directories).set(pid, path);
      else if (now !== undefined) bounded(state.directories).set(pid, `${now}/${path}`.slice(0, 4_096));
      return [];
    }
    case 'fork':
    case 'vfork':
    case 'clone':
    case 'clone3': {
      if (failed || value === 0) return [];
      const kept = bear(state.births, value);
      // Read already without its maker: what it has said of itself since is newer than what it was given.
      if (kept === undefined) return [];
      if (args.join(',').includes('CLONE_THREAD')) {
        bounded(state.threads).set(value, pid);
        return adopt(kept, state);
      }
      const from = state.directories.get(pid);
      if (from !== undefined) bounded(state.directories).set(value, from);
      if (program !== undefined) bounded(state.programs).set(value, program);
      return [...made({ kind: 'fork', child: value }), ...adopt(kept, state)];
    }
    case 'io_uring_setup':
      return failed
        ? []
        : made({ kind: 'blind-spot', detail: 'io_uring was set up: operations through it are not seen' });
    default:
      return [];
  }
}

/** `-1 EACCES (Permission denied)` */
function isRefusal(result: string): boolean {
  return /^-1 E(?:ACCES|PERM)\b/.test(result);
}

function ending(call: string, tid: number, pid: number, wallMs: number, state: StraceState): Parsed[] {
  if (!call.startsWith('+++ ')) return [];
  state.unfinished.delete(tid);
  state.threads.delete(tid);
  const exited = /^\+\+\+ exited with ([0-9]+) \+\+\+$/.exec(call);
  const killed = /^\+\+\+ killed by /.test(call);
  // "superseded by execve": the thread became the process; it lives.
  if (exited === null && !killed) return [];
  die(state.births, tid);
  if (tid !== pid) return [];
  state.directories.delete(pid);
  state.programs.delete(pid);
  const act: RawAct = { kind: 'exit', ...(exited === null ? {} : { status: Number(exited[1]) }) };
  return [{ event: { source: 'strace', at: { wallMs }, process: { pid }, act } }];
}

function directoryOf(arg: string, pid: number, state: StraceState): string | undefined {
  const decorated = /^(AT_FDCWD|[0-9]+)<(.*)>$/s.exec(arg);
  const path = decorated?.[2] === undefined ? undefined : unescaped(decorated[2]);
  if (path === undefined || !path.startsWith('/')) return state.directories.get(pid);
  if (decorated?.[1] === 'AT_FDCWD') bounded(state.directories).set(pid, path);
  return path;
}

function address(text: string): { unix: boolean; address: string; port: number } | undefined {
  if (text.startsWith('{sa_family=AF_UNIX')) {
    const path = /sun_path=(@?)("(?:[^"\\]|\\.)*")/s.exec(text);
    const name = unquoted(path?.[2] ?? '');
    return name === undefined ? undefined : { unix: true, address: `${path?.[1] ?? ''}${name}`, port: 0 };
  }
  const v4 = /^\{sa_family=AF_INET, sin_port=htons\(([0-9]+)\), sin_addr=inet_addr\("([0-9.]+)"\)\}$/.exec(text);
  if (v4 !== null) return { unix: false, address: v4[2] ?? '', port: Number(v4[1]) };
  const v6 = /^\{sa_family=AF_INET6, sin6_port=htons\(([0-9]+)\).*inet_pton\(AF_INET6, "([0-9a-fA-F:.]+)"/.exec(text);
  return v6 === null ? undefined : { unix: false, address: v6[2] ?? '', port: Number(v6[1]) };
}

function bare(text: string | undefined): string {
  return (text ?? '').replace(/^\[|\]$/g, '');
}

function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

function endOfDecoration(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '<') depth += 1;
    else if (text[at] === '>' && text[at - 1] !== '-') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

/** The value of a C string literal; undefined when it is none (`NULL`, an address). */
function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return undefined;
  const end = endOfString(text, 0);
  return end < 0 ? undefined : unescaped(text.slice(1, end)) + (text.slice(end + 1) === '...' ? '…' : '');
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  const named: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f', '\\': '\\', '"': '"' };
  const bytes = text.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/gs, (_, code: string) => {
    if (code.startsWith('x') && code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return named[code] ?? code;
  });
  return /^[\u0000-\u00ff]*$/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

function unreadable(line: string): Parsed[] {
  return [{ note: { kind: 'unreadable', detail: printable(line, 200) } }];
}

function bounded<K, V>(map: Map<K, V>): Map<K, V> {
  if (map.size >= limit) {
    const oldest = map.keys().next();
    if (oldest.done !== true) map.delete(oldest.value);
  }
  return map;
}
