/**
 * Log files that others write: opened for appending, and set aside when they grow. A writer keeps its file and goes on at
 * the beginning, so it needs to know nothing of it. The folder may be one where a service's account can put things: no link
 * is followed, no FIFO waited for, no second name of another file emptied.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './errors.js';

export interface LogLimits {
  /** At this size a log is set aside. */
  readonly bytes: number;
  /** How many older ones of each are kept; 0: it is only emptied. */
  readonly files: number;
}

/** `held`: over the limit and not ours to touch, or the disk refused. */
export type LogState = 'small' | 'rotated' | 'emptied' | 'held';

/** For appending. @throws `ENOTREG` where a FIFO, a link or another thing has its name */
export function openLogFile(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    // ELOOP: a link; ENXIO: a FIFO that nobody reads, or a socket.
    if (['ELOOP', 'ENXIO', 'EISDIR'].includes(codeOf(error) ?? '')) throw notRegular(path);
    throw error;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw notRegular(path);
}

/** Every `*.log` of a folder; what is not ours stays as it is. */
export function rotateLogs(directory: string, limits: LogLimits): Map<string, LogState> {
  const states = new Map<string, LogState>();
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.log')) continue;
    const state = rotateLog(join(directory, name), limits);
    if (state !== 'small') states.set(name, state);
  }
  return states;
}

export function rotateLog(path: string, { bytes, files }: LogLimits): LogState {
  try {
    // Most looks end here. What it is stands only after it was opened.
    if (lstatSync(path).size <= bytes) return 'small';
    const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = fstatSync(fd);
      if (!facts.isFile() || facts.nlink !== 1 || facts.uid !== process.getuid?.()) return 'held';
      if (facts.size <= bytes) return 'small';
      const isKept = files > 0 && setAside(fd, path, bytes, files);
      if (!isKept) dropOlder(path, 0);
      ftruncateSync(fd, 0);
      return isKept ? 'rotated' : 'emptied';
    } finally {
      closeSync(fd);
    }
  } catch {
    return 'held';
  }
}

/** False when there was no room for the copy: then the log is worth less than what waits for room. */
function setAside(fd: number, path: string, bytes: number, files: number): boolean {
  dropOlder(path, files - 1);
  for (let n = files - 1; n >= 1; n -= 1) renameIfThere(`${path}.${n}`, `${path}.${n + 1}`);
  const older = `${path}.1`;
  try {
    const copy = openSync(
      older,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      fchmodSync(copy, 0o600);
      copyTail(fd, copy, bytes);
    } finally {
      closeSync(copy);
    }
    return true;
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '')) throw error;
    return false;
  }
}

/**
 * Between two looks a log may have grown beyond its limit, up to twice of which is kept. More is a flood, or a hole that a
 * writer left: its end says most.
 */
function copyTail(from: number, to: number, limit: number): void {
  const bytes = 2 * limit;
  const part = Buffer.alloc(256 << 10);
  let at = Math.max(0, fstatSync(from).size - bytes);
  for (let left = bytes; left > 0; ) {
    const read = readSync(from, part, 0, Math.min(part.length, left), at);
    if (read === 0) return;
    for (let done = 0; done < read; ) done += writeSync(to, part, done, read - done);
    at += read;
    left -= read;
  }
}

/** Those numbered above `keep`, as far as they follow each other: also of a time when more were kept. */
function dropOlder(path: string, keep: number): void {
  for (let n = keep + 1; n <= 1_000; n += 1) {
    const older = `${path}.${n}`;
    if (lstatSync(older, { throwIfNoEntry: false }) === undefined) return;
    rmSync(older, { force: true });
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function notRegular(path: string): Error {
  return Object.assign(new Error(`ENOTREG: not a regular file, open '${path}'`), { code: 'ENOTREG' });
}
