/** The digest of a declared code directory: what "the same code" means for processes, as an image digest does for containers. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { isAbsolute } from 'node:path';
import { codeOf, messageOf, printable } from '../../base/index.js';
import { IdentityError } from '../errors.js';

export interface CodeFile {
  /** Relative to the directory; bytes that are not UTF-8 are written `\xff`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Of the contents; for a symbolic link of its target's name, and of the contents where it leads out to a file. */
  readonly sha256: string;
}

export const codeFlaws = ['code-unsafe', 'code-too-large', 'code-changed'] as const;

/** Why a digest does not stand for the whole code. */
export interface CodeFlaw {
  readonly code: (typeof codeFlaws)[number];
  readonly message: string;
}

export interface CodeTree {
  /** `sha256:` and 64 hex digits. Stands for the code only where there is no flaw: see `wholeDigest`. */
  readonly digest: string;
  readonly files: CodeFile[];
  /** The first one found. */
  readonly flaw: CodeFlaw | null;
}

const bounds = { files: 50_000, bytes: 4 * 1024 ** 3, depth: 64 };
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

class Flawed extends Error {
  readonly code: CodeFlaw['code'];

  constructor(code: CodeFlaw['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * SHA-256 over every entry in byte order of its path: path, permission bits, and contents or link target. Dependencies
 * count, times and owners do not. A single file may stand for a directory. Each step opens relative to the directory's
 * own descriptor and follows no link, so that swapping a component meanwhile cannot lead outside.
 */
export function codeTree(directory: string, limits: Partial<typeof bounds> = {}): CodeTree {
  const limit = { ...bounds, ...limits };
  const found: { readonly name: Buffer; readonly file: CodeFile }[] = [];
  let bytes = 0;
  let flaw: CodeFlaw | null = null;
  let home = '';
  try {
    if (!isAbsolute(directory) || directory.includes('\0')) throw unsafe(directory, 'is no absolute path');
    const root = look(Buffer.from(directory), directory);
    if (root.isSymbolicLink()) throw unsafe(directory, 'is a link: declare what it leads to');
    home = `${realpathSync(directory)}/`;
    if (root.isDirectory()) directoryAt(Buffer.from(directory), Buffer.alloc(0), 0);
    else if (root.isFile()) fileAt(Buffer.from(directory), Buffer.from('.'));
    else throw unsafe(directory, 'is no directory or file');
  } catch (error) {
    note(error);
  }
  found.sort((left, right) => Buffer.compare(left.name, right.name));
  const hash = sha256();
  for (const { name, file } of found) {
    hash.update(JSON.stringify([name.toString('latin1'), file.mode, file.bytes, file.sha256]));
  }
  return { digest: `sha256:${hash.digest('hex')}`, files: found.map(({ file }) => file), flaw };

  function note(error: unknown): void {
    if (!(error instanceof Flawed)) throw error;
    flaw ??= { code: error.code, message: error.message };
  }

  /** What is wrong with one entry is kept and the rest still read; over the bounds nothing more is read. */
  function attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof Flawed && error.code === 'code-too-large') throw error;
      note(error);
    }
  }

  function directoryAt(path: Buffer, shown: Buffer, depth: number): void {
    if (depth > limit.depth) throw tooLarge(`is nested deeper than ${limit.depth} directories`);
    const fd = openAt(path, shown, readOnly | constants.O_DIRECTORY);
    try {
      const before = fstatSync(fd);
      if (depth > 0) record(shown, before.mode, 0, sha256().update('directory').digest('hex'));
      const here = Buffer.from(`/proc/self/fd/${fd}/`);
      for (const name of readdirSync(here, { encoding: 'buffer' })) {
        const inside = depth === 0 ? name : Buffer.concat([shown, Buffer.from('/'), name]);
        attempt(() => entryAt(Buffer.concat([here, name]), inside, depth + 1));
      }
      checkUnchanged(before, fstatSync(fd), shown);
    } finally {
      closeSync(fd);
    }
  }

  function entryAt(path: Buffer, shown: Buffer, depth: number): void {
    const facts = look(path, shown);
    if (facts.isDirectory()) directoryAt(path, shown, depth);
    else if (facts.isFile()) fileAt(path, shown);
    else if (facts.isSymbolicLink()) linkAt(path, shown, depth);
    else {
      record(shown, facts.mode, 0, sha256().update('special').digest('hex'));
      // Nothing can be loaded through a socket, and services put theirs beside their code.
      if (!facts.isSocket()) throw unsafe(shown, 'is a device or FIFO');
    }
  }

  function fileAt(path: Buffer, shown: Buffer): void {
    const { mode, content } = contentOf(path, shown);
    record(shown, mode, content.bytes, content.sha256);
  }

  function linkAt(path: Buffer, shown: Buffer, depth: number): void {
    const target = stepOf(shown, () => readlinkSync(path, { encoding: 'buffer' }));
    const hash = sha256().update('link:').update(target);
    const outside = behind(path, target, depth - 1);
    if (outside instanceof Buffer) {
      // An interpreter in a virtual environment, say: another program there is other code.
      hash.update(`:${contentOf(outside, shown).content.sha256}`);
    }
    record(shown, 0o777, target.length, hash.digest('hex'));
    if (outside === 'uncovered') throw unsafe(shown, 'leads to something outside, which the digest would not cover');
  }

  /** The file outside that a link leads to; undefined when it stays inside. What cannot be told is uncovered. */
  function behind(path: Buffer, target: Buffer, depth: number): Buffer | 'uncovered' | undefined {
    let real: Buffer;
    try {
      real = realpathSync(path, { encoding: 'buffer' });
      if (Buffer.concat([real, Buffer.from('/')]).indexOf(home) === 0) return undefined;
      return lstatSync(real).isFile() ? real : 'uncovered';
    } catch (error) {
      const dangling = codeOf(error) === 'ENOENT' && !mayLeave(target.toString('latin1'), depth);
      return dangling ? undefined : 'uncovered';
    }
  }

  function contentOf(path: Buffer, shown: Buffer) {
    const fd = openAt(path, shown, readOnly);
    try {
      const before = fstatSync(fd);
      if (!before.isFile()) throw changed(shown);
      const hash = sha256();
      const buffer = Buffer.allocUnsafe(1 << 18);
      let size = 0;
      for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) {
        size += got;
        bytes += got;
        // Checked while reading: a size that stat told may grow.
        if (bytes > limit.bytes) throw tooLarge(`holds more than ${limit.bytes} bytes`);
        hash.update(buffer.subarray(0, got));
      }
      if (size !== before.size) throw changed(shown);
      checkUnchanged(before, fstatSync(fd), shown);
      return { mode: before.mode, content: { bytes: size, sha256: hash.digest('hex') } };
    } finally {
      closeSync(fd);
    }
  }

  function record(name: Buffer, mode: number, size: number, digest: string): void {
    if (found.length >= limit.files) throw tooLarge(`holds more than ${limit.files} entries`);
    found.push({ name, file: { path: pathOf(name), mode: mode & 0o7777, bytes: size, sha256: digest } });
  }
}

/** @throws IdentityError with the code of its flaw: such a digest must not be compared or signed. */
export function wholeDigest({ digest, flaw }: Pick<CodeTree, 'digest' | 'flaw'>): string {
  if (flaw === null) return digest;
  const hints = {
    'code-unsafe': 'copy it into the directory, or declare with --code a directory that holds all of the code',
    'code-too-large': 'declare with --code the directory of the code alone, without data',
    'code-changed': 'launch the service once its code is in place; keep files it writes in another directory',
  } as const;
  throw new IdentityError(flaw.code, flaw.message, { hint: hints[flaw.code] });
}

/** Added, changed and removed paths from one tree to another. */
export function codeDifference(before: readonly CodeFile[], after: readonly CodeFile[]) {
  const old = new Map(before.map((file) => [file.path, file]));
  const now = new Set(after.map((file) => file.path));
  const differs = (file: CodeFile, was: CodeFile) => was.sha256 !== file.sha256 || was.mode !== file.mode;
  return {
    added: after.filter((file) => !old.has(file.path)),
    changed: after.filter((file) => {
      const was = old.get(file.path);
      return was !== undefined && differs(file, was);
    }),
    removed: before.filter((file) => !now.has(file.path)),
  };
}

/**
 * True when a dangling link, `depth` directories below the root, may lead outside. `..` counts only at the front: after a
 * name it could climb out of wherever another link leads.
 */
function mayLeave(target: string, depth: number): boolean {
  if (target.startsWith('/')) return true;
  let up = 0;
  let named = false;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') named = true;
    else if (named) return true;
    else up += 1;
  }
  return up > depth;
}

function openAt(path: Buffer, shown: Buffer, flags: number): number {
  return stepOf(shown, () => openSync(path, flags));
}

function look(path: Buffer, shown: Buffer | string): Stats {
  return stepOf(shown, () => lstatSync(path));
}

function stepOf<T>(shown: Buffer | string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    // Between two looks it became something else or vanished.
    const moved = ['ELOOP', 'ENOTDIR', 'ENOENT', 'ENXIO', 'EINVAL'].includes(codeOf(cause) ?? '');
    throw moved && typeof shown !== 'string'
      ? changed(shown, cause)
      : unsafe(shown, `cannot be read: ${messageOf(cause)}`, cause);
  }
}

function checkUnchanged(before: Stats, after: Stats, shown: Buffer): void {
  if (before.ctimeMs !== after.ctimeMs || before.mtimeMs !== after.mtimeMs || before.size !== after.size) {
    throw changed(shown);
  }
}

function unsafe(shown: Buffer | string, what: string, cause?: unknown): Flawed {
  return new Flawed('code-unsafe', `\`${nameOf(shown)}\` ${what}`, cause);
}

function changed(shown: Buffer, cause?: unknown): Flawed {
  return new Flawed('code-changed', `\`${nameOf(shown)}\` changed while it was read`, cause);
}

function tooLarge(what: string): Flawed {
  return new Flawed('code-too-large', `the code directory ${what}`);
}

function nameOf(shown: Buffer | string): string {
  const text = typeof shown === 'string' ? shown : pathOf(shown);
  return text === '' ? '.' : printable(text, 256);
}

function pathOf(name: Buffer): string {
  const text = name.toString('utf8');
  if (Buffer.from(text).equals(name)) return text;
  return name.toString('latin1').replace(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}

function sha256() {
  return createHash('sha256');
}
