/**
 * From a contract's runtime section to rules that the kernel holds (landlock.ts). Rules stand on what is there when the
 * command starts: a file, or a folder with all beneath. What that cannot say exactly is said looser and named as a gap;
 * only what a `deny` forbids, and what is not there and could not be made by the command, ends up stricter.
 */
import { fileMatcher, runtimeFloor, runtimeFloorWrites } from '../../contract/index.js';
import type { Contract } from '../../model/index.js';
import type { FileView } from './file-view.js';
import { knownRights, rights, type Ruleset } from './landlock.js';
import { type Gap, RuleGaps } from './rule-gaps.js';

export interface RuntimeRules extends Ruleset {
  readonly gaps: readonly Gap[];
}

const read = rights.readFile | rights.readDir;
const write = rights.readFile | rights.writeFile | rights.truncate;
/** Everything that a folder's files can be put through, except making device nodes. */
const change =
  write |
  rights.readDir |
  rights.makeDir |
  rights.makeReg |
  rights.makeSock |
  rights.makeFifo |
  rights.makeSym |
  rights.removeDir |
  rights.removeFile |
  rights.refer;
/** So many entries are looked at for one pattern; a pattern that has more stands for its whole folder. */
const mostEntries = 4_096;
const mostInterpreters = 4;

/** @param version of the kernel's interface, at least 1 */
export function runtimeRules(contract: Contract, version: number, view: FileView): RuntimeRules {
  const executables = contract.runtime?.executables;
  const files = contract.runtime?.files;
  const gaps = new RuleGaps();
  const granted = new Map<string, number>();
  const denies = (contract.deny ?? []).flatMap((clause) => (clause.layer === 'runtime' ? [clause] : []));
  const deniedPrograms = denies.flatMap((clause) => (clause.executable === undefined ? [] : [clause.executable]));
  const deniedFiles = denies.flatMap((clause) => (clause.file === undefined ? [] : [clause.file]));
  const listed: string[] = [];
  const notStarted = deniedPrograms.map(fileMatcher);
  const grant = (path: string, what: number) => {
    const at = view.real(path);
    granted.set(at, (granted.get(at) ?? 0) | what);
  };

  if (executables !== undefined) {
    for (const clause of executables) {
      if (clause.from !== undefined) gaps.add('from', clause.id);
      const found = expand(clause.path, view);
      if (found.loose) gaps.add('pattern', clause.id);
      if (found.paths.length === 0) gaps.add('missing', clause.id);
      for (const path of found.paths) {
        grant(path, rights.execute | rights.readFile);
        for (const file of view.kind(path) === 'folder' ? filesIn(path, view) : [path]) startedThrough(file);
      }
    }
    if (files === undefined) gaps.add('loader', 'files');
  } else if (deniedPrograms.length > 0) gaps.add('deny-unmanaged', deniedPrograms.join(', '));

  if (files !== undefined) {
    for (const pattern of runtimeFloor) for (const path of expand(pattern, view).paths) grant(path, read);
    for (const path of runtimeFloorWrites) if (view.kind(path) !== undefined) grant(path, write);
    // Processes come and go: what they are called is not known when the rules are made.
    grant('/proc', read);
    for (const clause of files) {
      if (clause.access === 'write') writing(clause);
      else reading(clause);
    }
  } else if (deniedFiles.length > 0) gaps.add('deny-unmanaged', deniedFiles.join(', '));

  for (const folder of listed) {
    const covered = above(folder).some((path) => ((granted.get(path) ?? 0) & rights.readDir) !== 0);
    if (!covered && (view.names(folder, mostEntries) ?? []).some((name) => view.kind(`${folder}/${name}`) === 'folder'))
      gaps.add('listing', folder);
  }
  for (const pattern of deniedPrograms) if (executables !== undefined) carve(pattern, rights.execute);
  for (const pattern of deniedFiles) if (files !== undefined) carve(pattern, ~rights.execute);

  const handled =
    (executables === undefined ? 0 : rights.execute) |
    (files === undefined ? 0 : change | rights.makeChar | rights.makeBlock) |
    rights.refer;
  if (files === undefined) grant('/', rights.refer);
  if (version < 2) gaps.add('refer', 'interface 1');
  if (version < 3 && files !== undefined) gaps.add('truncate', 'interface 2');
  const known = knownRights(version);
  const grants = [...granted]
    .map(([path, what]) => ({ path, rights: what & handled & known }))
    .filter(({ rights: what }) => what !== 0)
    .sort((left, right) => (left.path < right.path ? -1 : 1));
  return { handled: handled & known, grants, gaps: gaps.all() };

  /** What the kernel opens beside the program itself: without leave for it, the program would not start. */
  function startedThrough(program: string): void {
    let at: string | undefined = program;
    for (let depth = 0; depth <= mostInterpreters; depth += 1) {
      const next: string | undefined = view.interpreter(at);
      if (next === undefined || notStarted.some((matches) => matches(next))) return;
      grant(next, rights.execute | rights.readFile);
      at = next;
    }
  }

  function reading({ id, path: pattern }: { readonly id: string; readonly path: string }): void {
    if (pattern.startsWith('/proc/')) return;
    const found = expand(pattern, view);
    if (found.loose) gaps.add('pattern', id);
    if (found.paths.length === 0) gaps.add('missing', id);
    for (const path of found.paths) {
      if (view.kind(path) !== 'folder') grant(path, rights.readFile);
      else if (pattern.endsWith('/**') || found.loose) grant(path, read);
      else {
        grant(path, rights.readDir);
        listed.push(view.real(path));
      }
    }
  }

  /** A file that the command can make anew is another file then: leave for it is leave for its folder. */
  function writing({ id, path: pattern }: { readonly id: string; readonly path: string }): void {
    if (pattern.startsWith('/proc/')) {
      grant('/proc', write);
      gaps.add('process-files', id);
      return;
    }
    const whole = pattern.endsWith('/**');
    const parent = whole ? pattern.slice(0, -3) : pattern.slice(0, pattern.lastIndexOf('/'));
    const folders = expand(parent === '' ? '/' : parent, view);
    let standing = false;
    for (const folder of folders.paths.length === 0 ? standingAbove(parent, view) : folders.paths) {
      if (view.kind(folder) !== 'folder' || !view.writable(folder)) continue;
      standing = true;
      grant(folder, change);
      if (!whole || folders.loose || folders.paths.length === 0) gaps.add('folder', folder);
    }
    const found = expand(pattern, view);
    if (found.loose || folders.loose) gaps.add('pattern', id);
    for (const path of found.paths) {
      if (view.kind(path) === 'folder' && !whole && !found.loose) continue;
      grant(path, view.kind(path) === 'folder' ? change : write);
      standing = true;
    }
    if (!standing) gaps.add('missing', id);
  }

  /** Takes what a deny names out of what was granted: exactly, or by granting the neighbours one by one. */
  function carve(pattern: string, what: number): void {
    const matches = pattern.includes('*') ? fileMatcher(pattern) : undefined;
    const named = matches === undefined ? [pattern] : [...granted.keys()].filter((path) => matches(path));
    for (const path of named) withdraw(path, what);
    const { paths } = expand(pattern, view);
    for (const denied of new Set(paths.map((path) => view.real(path)))) {
      withdraw(denied, what);
      for (const folder of above(denied)) {
        const has = (granted.get(folder) ?? 0) & what;
        if (has === 0) continue;
        if ((has & rights.makeReg) !== 0 || !neighbours(folder, denied, has))
          gaps.add('deny', `${pattern} in ${folder}`);
        else withdraw(folder, what);
      }
    }
    // Nothing there to be taken out: it could still appear.
    const fixed = pattern.split('*', 1)[0] ?? '';
    if (paths.length > 0) return;
    for (const folder of above(fixed)) {
      if (((granted.get(folder) ?? 0) & what) !== 0) gaps.add('deny', `${pattern} in ${folder}`);
    }
  }

  function withdraw(path: string, what: number): void {
    const has = granted.get(path);
    if (has !== undefined) granted.set(path, has & ~what);
  }

  /** False when there are too many of them. */
  function neighbours(folder: string, denied: string, what: number): boolean {
    const wanted: string[] = [];
    let at = folder;
    for (const part of denied.slice(folder === '/' ? 1 : folder.length + 1).split('/')) {
      const names = view.names(at, mostEntries);
      if (names === undefined || names.length > mostEntries) return false;
      for (const name of names) if (name !== part) wanted.push(`${at === '/' ? '' : at}/${name}`);
      at = `${at === '/' ? '' : at}/${part}`;
    }
    // A neighbour that is a link leads elsewhere: it is granted as the place it stands in, if at all.
    for (const path of wanted) if (isBeneath(view.real(path), folder) && view.real(path) !== denied) grant(path, what);
    return true;
  }
}

/** What is there for a pattern: files, or a folder where the pattern means all beneath it. */
export function expand(
  pattern: string,
  view: Pick<FileView, 'kind' | 'names'>,
): { readonly paths: readonly string[]; readonly loose: boolean } {
  if (!pattern.includes('*')) return { paths: view.kind(pattern) === undefined ? [] : [pattern], loose: false };
  const parts = pattern.slice(1).split('/');
  let folders = [''];
  let looked = 0;
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const whole = folders.map((folder) => (folder === '' ? '/' : folder));
    if (part === '**') return { paths: whole.filter((path) => view.kind(path) === 'folder'), loose: !last };
    const next: string[] = [];
    const matches = part.includes('*') ? fileMatcher(`/${part}`) : undefined;
    for (const folder of folders) {
      if (matches === undefined) {
        if (view.kind(`${folder}/${part}`) !== undefined) next.push(`${folder}/${part}`);
        continue;
      }
      const names = view.names(folder === '' ? '/' : folder, mostEntries) ?? [];
      looked += names.length;
      if (looked > mostEntries) return { paths: whole, loose: true };
      for (const name of names) if (matches(`/${name}`)) next.push(`${folder}/${name}`);
    }
    folders = next;
  }
  return { paths: folders, loose: false };
}

/** The programs right in a folder, as far as they are looked at. */
function filesIn(folder: string, view: FileView): readonly string[] {
  return (view.names(folder, mostEntries) ?? [])
    .map((name) => `${folder}/${name}`)
    .filter((path) => view.kind(path) === 'file');
}

/** The nearest folder above that exists: where the command would begin to make the rest. */
function standingAbove(path: string, view: Pick<FileView, 'kind'>): readonly string[] {
  if (path.includes('*')) return [];
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    if (view.kind(at) === 'folder') return [at];
  }
  return [];
}

/** The folders above a path, the nearest first. */
function above(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return path === '/' ? [] : [...folders, '/'];
}

function isBeneath(path: string, folder: string): boolean {
  return folder === '/' ? path !== '/' : path.startsWith(`${folder}/`);
}
