/** The digest of a declared code directory: what "the same code" means for processes, as an image digest does for containers. */
import { createHash, type Hash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { codeOf, messageOf, printable } from '../../base/index.js';
import { IdentityError } from '../errors.js';

export interface CodeLimits {
  /** Entries of every kind; default 100,000. */
  readonly maxFiles?: number;
  /** Bytes of contents; default 1 GiB. */
  readonly maxBytes?: number;
}

export interface CodeDigest {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

interface Walk {
  readonly hash: Hash;
  readonly maxFiles: number;
  readonly maxBytes: number;
  files: number;
  bytes: number;
}

const deepest = 64;
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * SHA-256 over every entry in byte order of its name: kind, permission bits, path, and contents or link target.
 * Everything counts, dependencies included; times and owners do not. A single file may stand for a directory.
 * Each step opens relative to the directory's own descriptor and follows no link, so that swapping a component
 * meanwhile cannot lead outside.
 *
 * @throws IdentityError `code-unsafe` (FIFO, device, socket, a link that leaves the directory, unreadable),
 * `code-too-large`, `code-changed` (altered while it was read).
 */
export async function codeDigest(directory: string, limits: CodeLimits = {}): Promise<CodeDigest> {
  if (!isAbsolute(directory) || directory.includes('\0')) throw unsafe(directory, 'is no absolute path');
  const walk: Walk = {
    hash: createHash('sha256').update('tricordon-code/1\n'),
    maxFiles: limits.maxFiles ?? 100_000,
    maxBytes: limits.maxBytes ?? 1 << 30,
    files: 0,
    bytes: 0,
  };
  const root = await lstat(directory).catch((cause: unknown) => {
    throw unsafe(directory, 'cannot be read', cause);
  });
  if (root.isDirectory()) await directoryAt(Buffer.from(directory), Buffer.alloc(0), 0, walk);
  else if (root.isFile()) await fileAt(Buffer.from(directory), Buffer.from('.'), walk);
  else
    throw unsafe(directory, root.isSymbolicLink() ? 'is a link: declare what it leads to' : 'is no directory or file');
  return { digest: `sha256:${walk.hash.digest('hex')}`, files: walk.files, bytes: walk.bytes };
}

async function directoryAt(path: Buffer, shown: Buffer, depth: number, walk: Walk): Promise<void> {
  if (depth > deepest) throw unsafe(shown, `lies deeper than ${deepest} directories`);
  const handle = await openAt(path, shown, readOnly | constants.O_DIRECTORY);
  try {
    const before = await handle.stat();
    record(walk, 'd', before.mode, shown);
    const here = Buffer.from(`/proc/self/fd/${handle.fd}/`);
    const names = await readdir(here, { encoding: 'buffer' });
    for (const name of names.sort(Buffer.compare)) {
      const inside = depth === 0 ? name : Buffer.concat([shown, Buffer.from('/'), name]);
      await entryAt(Buffer.concat([here, name]), inside, depth + 1, walk);
    }
    checkUnchanged(before, await handle.stat(), shown);
  } finally {
    await handle.close();
  }
}

async function entryAt(path: Buffer, shown: Buffer, depth: number, walk: Walk): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw changed(shown, cause);
  });
  if (found.isDirectory()) await directoryAt(path, shown, depth, walk);
  else if (found.isFile()) await fileAt(path, shown, walk);
  else if (found.isSymbolicLink()) await linkAt(path, shown, depth, walk);
  else throw unsafe(shown, 'is a device, FIFO or socket');
}

async function fileAt(path: Buffer, shown: Buffer, walk: Walk): Promise<void> {
  const handle = await openAt(path, shown, readOnly);
  try {
    const before = await handle.stat();
    if (!before.isFile()) throw changed(shown);
    record(walk, 'f', before.mode, shown);
    const contents = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1 << 16);
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) break;
      size += bytesRead;
      walk.bytes += bytesRead;
      // checked while reading: a size that stat told may grow
      if (walk.bytes > walk.maxBytes) throw tooLarge(`more than ${walk.maxBytes} bytes`);
      contents.update(buffer.subarray(0, bytesRead));
    }
    if (size !== before.size) throw changed(shown);
    checkUnchanged(before, await handle.stat(), shown);
    walk.hash.update(contents.digest());
  } finally {
    await handle.close();
  }
}

async function linkAt(path: Buffer, shown: Buffer, depth: number, walk: Walk): Promise<void> {
  const target = await readlink(path, { encoding: 'buffer' }).catch((cause: unknown) => {
    throw changed(shown, cause);
  });
  if (leaves(target.toString('latin1'), depth - 1)) {
    throw unsafe(shown, 'links to something outside: its contents would not be covered', undefined, [
      'copy the target into the directory, or declare a directory that holds both',
    ]);
  }
  record(walk, 'l', 0, shown);
  walk.hash.update(lengthOf(target)).update(target);
}

/**
 * True when a relative link, `depth` directories below the root, may lead outside. `..` counts only at the front:
 * after a name it could climb out of wherever another link leads.
 */
function leaves(target: string, depth: number): boolean {
  if (target === '' || target.startsWith('/')) return true;
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

function record(walk: Walk, kind: 'd' | 'f' | 'l', mode: number, shown: Buffer): void {
  walk.files += 1;
  if (walk.files > walk.maxFiles) throw tooLarge(`more than ${walk.maxFiles} entries`);
  // lengths in front keep "a" + "bc" and "ab" + "c" apart
  walk.hash
    .update(`${kind}${(mode & 0o7777).toString(8)}\n`)
    .update(lengthOf(shown))
    .update(shown);
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

async function openAt(path: Buffer, shown: Buffer, flags: number): Promise<FileHandle> {
  return open(path, flags).catch((cause: unknown) => {
    // between lstat and open it became a link or vanished
    if (['ELOOP', 'ENOTDIR', 'ENOENT', 'ENXIO'].includes(codeOf(cause) ?? '')) throw changed(shown, cause);
    throw unsafe(shown, 'cannot be read', cause);
  });
}

function checkUnchanged(before: Stats, after: Stats, shown: Buffer): void {
  if (before.ctimeMs !== after.ctimeMs || before.mtimeMs !== after.mtimeMs || before.size !== after.size) {
    throw changed(shown);
  }
}

function unsafe(shown: Buffer | string, what: string, cause?: unknown, [hint]: string[] = []): IdentityError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new IdentityError('code-unsafe', `\`${name(shown)}\` ${what}${why}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

function changed(shown: Buffer, cause?: unknown): IdentityError {
  return new IdentityError('code-changed', `\`${name(shown)}\` changed while it was read`, {
    cause,
    hint: 'launch the service once its code is in place; keep files it writes in another directory',
  });
}

function tooLarge(what: string): IdentityError {
  return new IdentityError('code-too-large', `the code directory holds ${what}`, {
    hint: 'declare the directory of the code alone, without data',
  });
}

function name(shown: Buffer | string): string {
  const text = typeof shown === 'string' ? shown : shown.toString('utf8');
  return text === '' ? '.' : printable(text, 256);
}
