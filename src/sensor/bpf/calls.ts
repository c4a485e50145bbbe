/** bpf(2), by native calls: the optional package `koffi`, nothing to build and no tool to run. Needs root. */
import { createRequire } from 'node:module';
import { printable } from '../../base/index.js';
import { SensorError } from '../errors.js';
import type { MapShape } from './maps.js';

/** Commands of bpf(2) and their number on x86-64. */
const bpf = 321;
const commands = { createMap: 0, lookup: 1, update: 2, loadProgram: 5, attach: 17 } as const;
const rawTracepoint = 17;
const [protRead, protWrite, mapShared] = [1, 2, 1];
const pageBytes = 4_096;

export interface Ring {
  /** How far we have read: one number of 64 bits. */
  readonly consumed: BigUint64Array;
  /** How far the kernel has written. */
  readonly produced: BigUint64Array;
  /** The records, mapped twice in a row, so that none is cut in two. */
  readonly data: Buffer;
  unmap(): void;
}

export interface BpfCalls {
  createMap(name: string, shape: MapShape): number;
  update(map: number, key: Buffer, value: Buffer): void;
  lookup(map: number, key: Buffer, value: Buffer): void;
  loadProgram(name: string, code: Buffer): number;
  attach(program: number, tracepoint: string): number;
  mapRing(map: number, bytes: number): Ring;
  /** Calls back whenever the descriptor is readable, until the returned function is called. */
  whenReadable(descriptor: number, callback: () => void): () => void;
}

/** @throws SensorError `sensor-start` when there are no native calls here. */
export function bpfCalls(): BpfCalls {
  const koffi = native();
  const libc = koffi.load(null);
  const syscall = libc.func('long syscall(long number, long command, void *attributes, long size)');
  const mmap = libc.func('void *mmap(void *near, size_t size, int protection, int flags, int descriptor, long offset)');
  const munmap = libc.func('int munmap(void *address, size_t size)');
  const call = (command: keyof typeof commands, attributes: Buffer): number => {
    const result = Number(syscall(bpf, commands[command], attributes, attributes.length));
    return result < 0 ? -koffi.errno() : result;
  };
  const refuse = (what: string, result: number, words = ''): never => {
    const reason = result === -1 ? 'not permitted' : `error ${-result}`;
    throw new SensorError('sensor-start', `the kernel refused ${what} (${reason})${words}`, {
      hint: 'run `tricordon doctor --only runtime`',
    });
  };
  const address = (buffer: Buffer) => koffi.address(buffer);
  return {
    createMap: (name, { type, key, value, entries }) => {
      const attributes = Buffer.alloc(72);
      for (const [at, number] of [type, key, value, entries].entries()) attributes.writeUInt32LE(number, at * 4);
      attributes.write(kernelName(name), 28, 'latin1');
      const map = call('createMap', attributes);
      return map < 0 ? refuse(`the map \`${name}\``, map) : map;
    },
    update: (map, key, value) => {
      const result = call('update', element(map, address(key), address(value)));
      if (result < 0) refuse('a map entry', result);
    },
    lookup: (map, key, value) => {
      const result = call('lookup', element(map, address(key), address(value)));
      if (result < 0) refuse('to read a map', result);
    },
    loadProgram: (name, code) => {
      const license = Buffer.from('GPL\0', 'latin1');
      const attributes = (log: Buffer | undefined) => {
        const made = Buffer.alloc(72);
        made.writeUInt32LE(rawTracepoint, 0);
        made.writeUInt32LE(code.length / 8, 4);
        made.writeBigUInt64LE(BigInt(address(code)), 8);
        made.writeBigUInt64LE(BigInt(address(license)), 16);
        if (log !== undefined) {
          made.writeUInt32LE(1, 24);
          made.writeUInt32LE(log.length, 28);
          made.writeBigUInt64LE(BigInt(address(log)), 32);
        }
        made.write(kernelName(name), 48, 'latin1');
        return made;
      };
      const program = call('loadProgram', attributes(undefined));
      if (program >= 0) return program;
      // Once more, with the verifier's reasons; their end says what was wrong.
      const log = Buffer.alloc(1 << 20);
      const again = call('loadProgram', attributes(log));
      if (again >= 0) return again;
      const end = log.indexOf(0);
      const lines = log
        .toString('latin1', 0, end < 0 ? log.length : end)
        .trim()
        .split('\n');
      return refuse(`the program \`${name}\``, program, `: ${printable(lines.slice(-4).join('; '), 400)}`);
    },
    attach: (program, tracepoint) => {
      const name = Buffer.from(`${tracepoint}\0`, 'latin1');
      const attributes = Buffer.alloc(16);
      attributes.writeBigUInt64LE(BigInt(address(name)), 0);
      attributes.writeUInt32LE(program, 8);
      const link = call('attach', attributes);
      return link < 0 ? refuse(`the tracepoint \`${tracepoint}\``, link) : link;
    },
    mapRing: (map, bytes) => {
      const view = (protection: number, size: number, offset: number) => {
        const at = mmap(null, size, protection, mapShared, map, offset);
        if (BigInt.asIntN(64, BigInt(koffi.address(at))) === -1n) refuse('to map the records', -koffi.errno());
        return { at, size, memory: koffi.view(at, size) };
      };
      const own = view(protRead | protWrite, pageBytes, 0);
      const theirs = view(protRead, pageBytes + 2 * bytes, pageBytes);
      return {
        consumed: new BigUint64Array(own.memory, 0, 1),
        produced: new BigUint64Array(theirs.memory, 0, 1),
        data: Buffer.from(theirs.memory, pageBytes, 2 * bytes),
        unmap: () => {
          for (const { at, size } of [own, theirs]) munmap(at, size);
        },
      };
    },
    whenReadable: (descriptor, callback) => {
      const handle = koffi.node.poll(descriptor, { readable: true, writable: false, disconnect: false }, callback);
      return () => handle.close();
    },
  };
}

function native(): typeof import('koffi') {
  try {
    return createRequire(import.meta.url)('koffi');
  } catch (cause) {
    throw new SensorError('sensor-start', 'native calls are not available', {
      cause,
      hint: 'install with optional packages: npm install --include=optional',
    });
  }
}

function element(map: number, key: bigint, value: bigint): Buffer {
  const attributes = Buffer.alloc(32);
  attributes.writeUInt32LE(map, 0);
  attributes.writeBigUInt64LE(key, 8);
  attributes.writeBigUInt64LE(value, 16);
  return attributes;
}

/** Shown by the kernel's own tools; fifteen characters and a zero. */
function kernelName(name: string): string {
  return `tc_${name}`.slice(0, 15);
}
