/** The digest of a code directory: names, modes, contents; the same on every machine. */
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
} from 'node:fs';
import { join } from 'node:path';

export interface CodeFile {
  /** Relative to the directory. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Of the contents; for a symbolic link of its target's name, and of the contents where it leads out to a file. */
  readonly sha256: string;
}

export interface CodeTree {
  readonly digest: string;
  readonly files: CodeFile[];
  /** More files or bytes than the bounds allow: the digest is not to be trusted as the whole. */
  readonly truncated: boolean;
  /** The first link to a folder outside: code that the digest does not cover. */
  readonly uncovered: string | null;
}

const bounds = { files: 50_000, bytes: 4 * 1024 ** 3, depth: 64 };

export function codeTree(directory: string, limits: Partial<typeof bounds> = {}): CodeTree {
  const limit = { ...bounds, ...limits };
  const files: CodeFile[] = [];
  let bytes = 0;
  let truncated = false;
  let uncovered: string | null = null;
  const home = `${realpathSync(directory)}/`;
  const root = lstatSync(directory);
  if (root.isFile()) add('.', directory);
  else walk('', 0);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const hash = createHash('sha256');
  for (const file of files) hash.update(JSON.stringify([file.path, file.mode, file.sha256]));
  return { digest: `sha256:${hash.digest('hex')}`, files, truncated, uncovered };

  function walk(folder: string, depth: number): void {
    if (depth > limit.depth) {
      truncated = true;
      return;
    }
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (files.length >= limit.files || bytes >= limit.bytes) {
        truncated = true;
        return;
      }
      if (entry.isDirectory()) walk(path, depth + 1);
      else add(path, join(directory, path));
    }
  }

  function add(path: string, full: string): void {
    const facts = lstatSync(full);
    const mode = facts.mode & 0o7777;
    if (facts.isSymbolicLink()) {
      const target = readlinkSync(full);
      const hash = sha256().update(`link:${target}`);
      const outside = leadsOut(full);
      if (outside === 'folder') uncovered ??= path;
      else if (outside !== undefined) {
        // An interpreter in a virtual environment, say: another program there is other code.
        const content = digestOf(outside.file);
        bytes += content.bytes;
        hash.update(`:${content.sha256}`);
      }
      files.push({ path, mode: 0o777, bytes: target.length, sha256: hash.digest('hex') });
    } else if (facts.isFile()) {
      const content = digestOf(full);
      bytes += content.bytes;
      files.push({ path, mode, ...content });
    } else {
      files.push({ path, mode, bytes: 0, sha256: sha256().update('special').digest('hex') });
    }
  }

  /** What lies behind a link that leaves the directory; undefined when it stays inside or leads nowhere. */
  function leadsOut(full: string): { readonly file: string } | 'folder' | undefined {
    try {
      const real = realpathSync(full);
      if (`${real}/`.startsWith(home)) return undefined;
      const facts = lstatSync(real);
      if (facts.isFile()) return { file: real };
      return facts.isDirectory() ? 'folder' : undefined;
    } catch {
      return undefined;
    }
  }
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

function digestOf(path: string): { bytes: number; sha256: string } {
  // O_NONBLOCK: a file swapped for a pipe between look and open must not hang us.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return { bytes: 0, sha256: sha256().update('special').digest('hex') };
    const hash = sha256();
    const buffer = Buffer.allocUnsafe(1 << 18);
    let bytes = 0;
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, got));
      bytes += got;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    closeSync(fd);
  }
}

function sha256() {
  return createHash('sha256');
}
