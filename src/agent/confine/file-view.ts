/** The file tree as the rules of a contract need to know it: what is there, and what a program is started through. */
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';

export interface FileView {
  /** Symbolic links followed; undefined where nothing is. Sockets, pipes and devices count as files. */
  kind(path: string): 'file' | 'folder' | undefined;
  /** Names in a folder, at most `limit` and one more; undefined where it cannot be read. */
  names(folder: string, limit: number): readonly string[] | undefined;
  /** Without symbolic links; the path itself where it cannot be resolved. */
  real(path: string): string;
  /** Whether whoever asks can make and remove entries in the folder. */
  writable(folder: string): boolean;
  /** The program through which the kernel starts this one: the loader of an ELF file, the interpreter of a script. */
  interpreter(path: string): string | undefined;
}

export const diskView: FileView = {
  kind: (path) => {
    try {
      return statSync(path).isDirectory() ? 'folder' : 'file';
    } catch {
      return undefined;
    }
  },
  names: (folder, limit) => {
    try {
      return readdirSync(folder).slice(0, limit + 1);
    } catch {
      return undefined;
    }
  },
  real: (path) => {
    try {
      return realpathSync(path);
    } catch {
      return path;
    }
  },
  writable: (folder) => {
    try {
      accessSync(folder, constants.W_OK | constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
  interpreter: (path) => {
    try {
      const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return interpreterIn((at, length) => {
          const buffer = Buffer.alloc(length);
          return buffer.subarray(0, readSync(descriptor, buffer, 0, length, at));
        });
      } finally {
        closeSync(descriptor);
      }
    } catch {
      return undefined;
    }
  },
};

/** Of a file's beginning: `#!` (execve(2)), or the PT_INTERP entry of a 64-bit little-endian ELF file (elf(5)). */
export function interpreterIn(read: (at: number, length: number) => Buffer): string | undefined {
  const head = read(0, 256);
  if (head.subarray(0, 2).toString('latin1') === '#!') {
    const line = head.subarray(2).toString('utf8').split('\n', 1)[0] ?? '';
    const program = line.trim().split(/[ \t]/, 1)[0] ?? '';
    return program.startsWith('/') ? program : undefined;
  }
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return undefined;
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = Math.min(head.readUInt16LE(56), 128);
  for (let index = 0; index < count; index += 1) {
    const entry = read(table + index * size, 56);
    if (entry.length < 56 || entry.readUInt32LE(0) !== 3) continue;
    const length = Math.min(Number(entry.readBigUInt64LE(32)), 4_096);
    const text = read(Number(entry.readBigUInt64LE(8)), length).toString('utf8');
    const path = text.split('\0', 1)[0] ?? '';
    return path.startsWith('/') ? path : undefined;
  }
  return undefined;
}
