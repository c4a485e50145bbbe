/**
 * What root runs must be root's: a program tree that someone else can write (or that our accounts cannot read, or whose
 * node binary they cannot execute) is copied into the data directory before any of it is started with rights.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isDiskFull, messageOf } from '../../base/index.js';
import { HelperError } from './errors.js';

const deepest = 64;

export interface Program {
  readonly programDir: string;
  readonly nodePath: string;
  /** Why it was copied; null when it runs where it lies. */
  readonly copiedBecause: string | null;
}

/**
 * @param programDir holds `dist`, `node_modules`, `package.json`, `package-lock.json`
 * @param into `<data>/program`, made here, owned by root
 * @throws HelperError `unsafe-program`
 */
export function secureProgram(programDir: string, nodePath: string, into: string): Program {
  const reason = weakness(programDir, nodePath);
  if (reason === null) return { programDir, nodePath: realpathSync(nodePath), copiedBecause: null };
  const parent = weakParent(existing(dirname(into)));
  if (parent !== null) {
    throw new HelperError('unsafe-program', `${reason}, and it cannot be copied: ${parent}`, {
      hint: 'choose a --data-dir that only root can change',
    });
  }
  try {
    return { ...copy(programDir, nodePath, into), copiedBecause: reason };
  } catch (cause) {
    if (isDiskFull(cause)) {
      throw new HelperError('failed', `no space left for a copy of the program in \`${into}\`, made since ${reason}`, {
        cause,
        hint: 'free some space',
      });
    }
    throw new HelperError('unsafe-program', `${reason}, and it cannot be copied: ${messageOf(cause)}`, { cause });
  }
}

/** Why this tree must not be run as root where it lies; null when it may. */
export function weakness(programDir: string, nodePath: string): string | null {
  const node = realpathSync(nodePath);
  const root = realpathSync(programDir);
  const onTheWay = weakParent(root) ?? weakParent(dirname(node)) ?? weakFile(node);
  if (onTheWay !== null) return onTheWay;
  for (const folder of [join(root, 'dist'), ...productionPackages(root).map((name) => join(root, name))]) {
    const found = weakBelow(folder, 0);
    if (found !== null) return found;
  }
  return weakFile(join(root, 'package.json'));
}

/** The copy of this very program, made unless it is there already: a restart needs no room for a second one. */
function copy(programDir: string, nodePath: string, into: string): Pick<Program, 'programDir' | 'nodePath'> {
  const files = programFiles(realpathSync(programDir), realpathSync(nodePath));
  const made = join(into, digestOf(files));
  if (existsSync(made)) return { programDir: made, nodePath: join(made, 'node') };
  mkdirSync(into, { recursive: true, mode: 0o755 });
  const staging = join(into, `.new-${process.pid}`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { mode: 0o700 });
  try {
    const copied = new Map<string, string>();
    for (const [path, from] of files) {
      const to = join(staging, path);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, to);
      copied.set(path, to);
    }
    ownedByRoot(staging);
    chmodSync(join(staging, 'node'), 0o755);
    // Named after what was copied, so that a tree changed meanwhile cannot pass for another.
    const home = join(into, digestOf(copied));
    if (!existsSync(home)) renameSync(staging, home);
    return { programDir: home, nodePath: join(home, 'node') };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Path in the copy to where it comes from. Links are followed: a copy holds none. */
function programFiles(root: string, nodePath: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['dist', ...productionPackages(root)]) collect(folder, 0);
  for (const name of ['package.json', 'package-lock.json']) files.set(name, join(root, name));
  return files.set('node', nodePath);

  function collect(path: string, depth: number): void {
    if (depth > deepest) throw new Error(`\`${join(root, path)}\` is nested too deep`);
    const facts = statSync(join(root, path));
    if (facts.isFile()) files.set(path, join(root, path));
    else if (!facts.isDirectory()) throw new Error(`\`${join(root, path)}\` is no file or directory`);
    // A package inside another stands in the lock file by itself.
    else
      for (const name of readdirSync(join(root, path)))
        if (name !== 'node_modules') collect(join(path, name), depth + 1);
  }
}

/** 16 hex digits over path, contents and whether it can be executed, the same for a program and its copy. */
function digestOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [path, at] of [...files].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const executable = path === 'node' || (statSync(at).mode & 0o111) !== 0;
    hash.update(JSON.stringify([path, executable, createHash('sha256').update(readFileSync(at)).digest('hex')]));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Folders below the root, as npm's lock file has them: installed, and not for development only. */
export function productionPackages(root: string): string[] {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  if (typeof lock !== 'object' || lock === null || !('packages' in lock)) return [];
  const { packages } = lock;
  if (typeof packages !== 'object' || packages === null) return [];
  return Object.entries(packages).flatMap(([path, facts]: [string, unknown]) => {
    const plain = /^node_modules\/[^\0]+$/.test(path) && !path.split('/').includes('..');
    const dev = typeof facts === 'object' && facts !== null && 'dev' in facts && facts.dev === true;
    return plain && !dev && existsSync(join(root, path)) ? [path] : [];
  });
}

function ownedByRoot(path: string): void {
  const facts = lstatSync(path);
  if (facts.isSymbolicLink()) throw new Error(`a link was left in the copy: ${path}`);
  if (process.getuid?.() === 0) chownSync(path, 0, 0);
  chmodSync(path, facts.isDirectory() || (facts.mode & 0o111) !== 0 ? 0o755 : 0o644);
  if (!facts.isDirectory()) return;
  for (const name of readdirSync(path)) ownedByRoot(join(path, name));
}

/** The path itself and all that lead to it: whoever can rename one can replace the rest. */
function weakParent(path: string): string | null {
  for (let at = path; ; at = dirname(at)) {
    const facts = lstatSync(at);
    const sticky = (facts.mode & 0o1000) !== 0 && at !== path;
    if (facts.uid !== 0) return `\`${at}\` belongs to uid ${facts.uid}`;
    if ((facts.mode & 0o022) !== 0 && !sticky) return `\`${at}\` can be written by others`;
    if ((facts.mode & 0o001) === 0) return `\`${at}\` cannot be entered by our accounts`;
    if (at === '/') return null;
  }
}

function weakBelow(path: string, depth: number): string | null {
  if (depth > deepest) return `\`${path}\` is nested too deep`;
  const facts = lstatSync(path);
  if (facts.isSymbolicLink()) return weakLink(path);
  if (facts.uid !== 0) return `\`${path}\` belongs to uid ${facts.uid}`;
  if ((facts.mode & 0o022) !== 0) return `\`${path}\` can be written by others`;
  if (!facts.isDirectory()) return (facts.mode & 0o004) === 0 ? `\`${path}\` cannot be read by our accounts` : null;
  if ((facts.mode & 0o005) !== 0o005) return `\`${path}\` cannot be read by our accounts`;
  for (const name of readdirSync(path)) {
    const found = weakBelow(join(path, name), depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** A link to its neighbour, as libraries have them, leads to what is looked at anyway. Any other may leave the tree. */
function weakLink(path: string): string | null {
  const target = readlinkSync(path);
  const neighbour = !target.includes('/') && target !== '.' && target !== '..' && existsSync(path);
  return neighbour ? null : `\`${path}\` is a link`;
}

function weakFile(path: string): string | null {
  const facts = statSync(path);
  if (facts.uid !== 0) return `\`${path}\` belongs to uid ${facts.uid}`;
  if ((facts.mode & 0o022) !== 0) return `\`${path}\` can be written by others`;
  const needed = path.endsWith('.json') ? 0o004 : 0o001;
  return (facts.mode & needed) === 0 ? `\`${path}\` cannot be used by our accounts` : null;
}

function existing(path: string): string {
  let at = path;
  while (!existsSync(at)) at = dirname(at);
  return realpathSync(at);
}
