/** Turns records into acts. What a workload wrote is a text of known length in them: there is nothing it could forge. */
import { addressText } from '../socket-table.js';
import type { Parsed, RawAct, RawProcess } from '../raw-event.js';
import type { Endpoint } from '../../model/index.js';
import { argumentBytes, execFlags, head, kinds, socket } from './record.js';

export interface DecodeState {
  /** Executable name by pid, to say which program opened a file. */
  readonly programs: Map<number, string>;
}

const programLimit = 65_536;
/** ENAMETOOLONG: what the kernel would not take is the only name that is not here as a whole. */
const nameTooLong = -36;
const [inet, inet6, unix] = [2, 10, 1];

/** @returns what the record says; one that cannot be read becomes a note, never an exception. */
export function decodeRecord(record: Buffer, state: DecodeState): readonly Parsed[] {
  if (record.length < head.rest) return unreadable(`${record.length} bytes`);
  const kind = record.readUInt32LE(head.kind);
  if (kind === kinds.cgroup) {
    const [id, parent] = [record.readBigUInt64LE(head.cgroup), record.readBigUInt64LE(head.b)];
    return [{ note: { kind: 'cgroup', id: String(id), parent: String(parent), name: text(record, head.rest) } }];
  }
  const process: RawProcess = {
    pid: record.readUInt32LE(head.pid),
    start: Number(record.readBigUInt64LE(head.start)),
    cgroup: String(record.readBigUInt64LE(head.cgroup)),
  };
  const bootMs = Number(record.readBigUInt64LE(head.time)) / 1e6;
  const made = (act: RawAct, more: Partial<RawProcess> = {}): Parsed => ({
    event: { source: 'bpf', at: { bootMs }, process: { ...process, ...more }, act },
  });
  const ppid = record.readUInt32LE(head.parent);
  const uid = record.readUInt32LE(head.uid);
  const a = Number(record.readBigInt64LE(head.a));
  const comm = record.toString('utf8', head.comm, ended(record, head.comm, head.comm + 16));
  const program = state.programs.get(process.pid);
  switch (kind) {
    case kinds.exec: {
      const end = endOfPath(record);
      const given = Number(record.readBigUInt64LE(head.b));
      if (end + given > record.length) return unreadable('an execution');
      const path = text(record, head.rest, end);
      const args = record
        .toString('utf8', end, end + given)
        .replace(/\0$/, '')
        .split('\0');
      remember(state, process.pid, path.slice(path.lastIndexOf('/') + 1).slice(0, 64));
      const drift = (a & execFlags.memory) !== 0 ? 'memory' : (a & execFlags.layer) !== 0 ? 'layer' : undefined;
      const execution: RawAct = {
        kind: 'exec',
        path,
        args: given === 0 ? [] : args.slice(0, 256),
        truncated: (a & execFlags.truncated) !== 0 || given > argumentBytes || args.length > 256,
        uid,
        parent: comm,
        ...(drift === undefined ? {} : { drift }),
      };
      const stdin: Parsed[] =
        (a & execFlags.socketOnStdin) === 0 ? [] : [made({ kind: 'stdio-socket', descriptor: 0 })];
      return [made(execution, { ppid, ...startOf(record, end + given) }), ...stdin];
    }
    case kinds.refusedExec:
      return [
        made(
          {
            kind: 'exec',
            path: text(record, head.rest, endOfPath(record)),
            args: [],
            truncated: false,
            uid,
            parent: comm,
            refused: true,
          },
          { ppid, ...startOf(record, endOfPath(record)) },
        ),
      ];
    case kinds.fork:
      if (program !== undefined) remember(state, a, program);
      return [made({ kind: 'fork', child: a })];
    case kinds.exit: {
      state.programs.delete(process.pid);
      // wait(2): the low seven bits are the signal, the next byte the status.
      return [made({ kind: 'exit', status: (a & 0x7f) === 0 ? (a >> 8) & 0xff : 128 + (a & 0x7f) })];
    }
    case kinds.open: {
      const end = endOfPath(record);
      const path = text(record, head.rest, end);
      const flags = record.readUInt32LE(head.b);
      const opened: RawAct = {
        kind: 'open',
        path: a === nameTooLong ? `${path}…` : path,
        // O_WRONLY, O_RDWR, O_CREAT or O_TRUNC.
        write: (flags & 0x243) !== 0,
        failed: a < 0,
        ...(a === -1 || a === -13 ? { refused: true } : {}),
        ...(program === undefined ? {} : { program }),
      };
      return [made(opened, startOf(record, end))];
    }
    case kinds.connect: {
      const act = connection(record, a, comm);
      return act === undefined ? [] : [made(act)];
    }
    case kinds.accept: {
      if (record.length < socket.rest) return unreadable('a connection');
      const peer = { address: socketAddress(record, 'peer'), port: record.readUInt16BE(socket.peerPort) };
      return [made({ kind: 'accept', local: localOf(record), peer })];
    }
    case kinds.stdio:
      return [made({ kind: 'stdio-socket', descriptor: a, program: comm })];
    case kinds.denied:
      return [made({ kind: 'denied-syscall', number: a })];
    case kinds.ioUring:
      return [
        made({
          kind: 'blind-spot',
          detail: 'io_uring was set up: file and network operations through it are not seen',
        }),
      ];
    default:
      return unreadable(`kind ${kind}`);
  }
}

function connection(record: Buffer, result: number, program: string): RawAct | undefined {
  const address = record.subarray(socket.rest);
  if (address.length < 2) return undefined;
  // EINPROGRESS (115) is a connection under way, EISCONN (106) one that stands.
  const failed = result < 0 && result !== -115 && result !== -106;
  const family = address.readUInt16LE(0);
  if (family === unix) {
    // A name that starts with NUL is abstract (unix(7)) and ends with the length given.
    const abstract = address.length > 2 && address[2] === 0;
    const name = abstract ? address.toString('utf8', 3) : text(address, 2);
    return {
      kind: 'connect',
      protocol: 'unix',
      peer: { address: abstract ? `@${name}` : name, port: 0 },
      program,
      failed,
    };
  }
  const from = family === inet ? 4 : family === inet6 ? 8 : undefined;
  const size = family === inet ? 4 : 16;
  if (from === undefined || address.length < from + size) return undefined;
  const type = record.readUInt16LE(socket.type);
  const local = localOf(record);
  return {
    kind: 'connect',
    protocol: type === 1 ? 'tcp' : type === 2 ? 'udp' : 'other',
    peer: { address: addressText(address.subarray(from, from + size)), port: address.readUInt16BE(2) },
    ...(local.port === 0 ? {} : { local }),
    program,
    failed,
  };
}

function localOf(record: Buffer): Endpoint {
  return { address: socketAddress(record, 'local'), port: record.readUInt16LE(socket.localPort) };
}

function socketAddress(record: Buffer, side: 'local' | 'peer'): string {
  const four = record.readUInt16LE(socket.family) === inet;
  const at = four ? socket[`${side}4`] : socket[`${side}6`];
  return addressText(record.subarray(at, at + (four ? 4 : 16)));
}

function endOfPath(record: Buffer): number {
  return Math.min(head.rest + record.readUInt32LE(head.length), record.length);
}

/** Where a relative path starts: its names from there to the root follow at `from`, where all of them were found. */
function startOf(record: Buffer, from: number): { cwd?: string } {
  if (record.readUInt32LE(head.whole) !== 1) return {};
  const names = record.toString('utf8', from).split('\0').slice(0, -1);
  return { cwd: `/${names.reverse().join('/')}` };
}

function text(bytes: Buffer, from: number, to = bytes.length): string {
  return bytes.toString('utf8', from, ended(bytes, from, to));
}

function ended(bytes: Buffer, from: number, to: number): number {
  const end = bytes.subarray(0, to).indexOf(0, from);
  return end < 0 ? to : end;
}

function remember({ programs }: DecodeState, pid: number, program: string): void {
  if (programs.size >= programLimit) {
    const oldest = programs.keys().next();
    if (oldest.done !== true) programs.delete(oldest.value);
  }
  programs.set(pid, program);
}

function unreadable(what: string): Parsed[] {
  return [{ note: { kind: 'unreadable', detail: `a record of the kernel: ${what}` } }];
}
