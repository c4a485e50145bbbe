/** Programs, files and mounts as paths of a unit: one path takes in all beneath it, and the deepest counts. */
import type { Contract, Deny } from '../../../model/index.js';
import { type Standing, standing } from '../parts.js';
import { covers, folderOf, isBeneath } from './folders.js';
import { addEach, type Plan, setList } from './plan.js';

const agent = 'our agent, which holds programs and files of a service with the kernel';
const unwritable = 'the path cannot be written in a unit, so it is not opened here';
/** A mapping of a library needs the right to execute as well. */
const libraries = ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib'];
const programs = { clause: null, section: 'runtime.executables' } as const;
const everyFile = { clause: null, section: 'runtime.files' } as const;

type Mount = NonNullable<NonNullable<Contract['runtime']>['mounts']>[number];
type RuntimeDeny = Extract<Deny, { layer: 'runtime' }>;

export function planPaths(plan: Plan): void {
  const { contract, at } = plan.input;
  const denies = (contract.deny ?? []).filter((deny): deny is RuntimeDeny => deny.layer === 'runtime');
  const inForce = denies.filter((deny) => standing(deny, at, true) === 'in force');
  const executables = inForce.flatMap(({ executable }) => executable ?? []);
  const files = inForce.flatMap(({ file }) => file ?? []);
  planExecutables(plan, executables);
  planFiles(plan, files);
  planMounts(plan);
  const hidden = files.flatMap(deniedFolder);
  addEach(plan, 'InaccessiblePaths', distinct(hidden));
  for (const deny of denies) sayDeny(plan, deny);
}

function planExecutables(plan: Plan, denied: readonly string[]): void {
  const clauses = plan.input.contract.runtime?.executables;
  const closed = denied.flatMap(deniedFolder);
  if (clauses === undefined) {
    addEach(plan, 'NoExecPaths', distinct(closed));
    return;
  }
  const open: string[] = [];
  for (const { id, path, from, ...terms } of clauses) {
    const part = { clause: id, section: 'runtime.executables' };
    const found = folderOf(path);
    const stands = standing(terms, plan.input.at, false);
    if (stands === 'ended') plan.lines.exact(part, ended(terms.until));
    else if (found === undefined) plan.lines.impossible(part, unwritable, agent);
    else if (denied.some((one) => covers(one, found.path))) plan.lines.exact(part, 'a deny takes it back');
    else {
      open.push(found.path);
      const loss = lossOf(found.wider, stands, found.path);
      if (from !== undefined) plan.lines.looser(part, 'whoever starts it is not asked about', agent);
      else if (loss !== undefined) plan.lines.looser(part, loss, agent);
      else plan.lines.exact(part, 'this file, or all beneath this folder');
    }
  }
  const shared = open.length === 0 ? [] : libraries.filter((path) => !denied.some((one) => covers(one, path)));
  if (shared.length === 0) plan.lines.exact(programs, 'no file can be started');
  else
    plan.lines.looser(programs, `libraries have to be mapped: what lies in ${shared.join(', ')} can be started`, agent);
  addEach(plan, 'NoExecPaths', ['/', ...distinct(closed)]);
  setList(plan, 'ExecPaths', distinct([...open, ...shared]));
}

function planFiles(plan: Plan, denied: readonly string[]): void {
  const { files, rootfs, mounts } = plan.input.contract.runtime ?? {};
  const open: string[] = [];
  if (files !== undefined) plan.lines.looser(everyFile, 'only writing is held: what no deny names can be read', agent);
  for (const { id, path, access, ...terms } of files ?? []) {
    const part = { clause: id, section: 'runtime.files' };
    const found = folderOf(path);
    const stands = standing(terms, plan.input.at, false);
    if (stands === 'ended') plan.lines.exact(part, ended(terms.until));
    else if (access === 'read') plan.lines.impossible(part, 'it can be read, and so can what is not listed', agent);
    else if (found === undefined) plan.lines.impossible(part, unwritable, agent);
    else if (denied.some((one) => covers(one, found.path))) plan.lines.exact(part, 'a deny takes it back');
    else {
      open.push(found.path);
      const loss = lossOf(found.wider, stands, found.path);
      if (loss === undefined) plan.lines.exact(part, 'this file, or all beneath this folder, can be written');
      else plan.lines.looser(part, loss, agent);
    }
  }
  if (files === undefined && rootfs !== 'readonly') return;
  // The second closes what the first leaves open: /dev, /proc and /sys.
  plan.settings.push(['ProtectSystem', 'strict']);
  addEach(plan, 'ReadOnlyPaths', ['/']);
  const mounted = files === undefined ? (mounts ?? []).flatMap(writableMount) : [];
  setList(plan, 'ReadWritePaths', distinct([...open, ...mounted]));
}

function planMounts(plan: Plan): void {
  const { mounts, files } = plan.input.contract.runtime ?? {};
  if (mounts === undefined) return;
  const own: string[] = [];
  for (const { id, path, source, access } of mounts) {
    const part = { clause: id, section: 'runtime.mounts' };
    const found = folderOf(path);
    if (found === undefined || found.wider || path.includes('*')) plan.lines.impossible(part, unwritable, agent);
    else if (source !== 'tmpfs')
      plan.lines.looser(part, `whether there is a ${source} at this path is not asked about`, 'the unit of the mount');
    else if (own.some((other) => other.startsWith(`${found.path}:`)))
      plan.lines.impossible(part, 'another clause mounts at the same path', 'take one of them out');
    else {
      const writes = access === 'write' && (files === undefined || files.some((file) => isWrittenAt(file, found.path)));
      own.push(`${found.path}:${writes ? 'rw,mode=1777' : 'ro'}`);
      plan.lines.exact(
        part,
        writes || access === 'read' ? 'a tmpfs' : 'a tmpfs, which no clause of `files` lets it write',
      );
    }
  }
  if (mounts.length === 0)
    plan.lines.looser(
      { clause: null, section: 'runtime.mounts' },
      'the host has its own mounts',
      'an own mount namespace',
    );
  addEach(plan, 'TemporaryFileSystem', own);
}

function sayDeny(plan: Plan, deny: RuntimeDeny): void {
  const part = { clause: deny.id, section: 'deny' };
  if (standing(deny, plan.input.at, true) === 'tells only')
    plan.lines.looser(part, `tells only until ${deny.until}; systemd tells nothing`, agent);
  else if (
    [deny.executable, deny.file].flatMap((pattern) => pattern ?? []).some((one) => deniedFolder(one).length === 0)
  )
    plan.lines.impossible(part, 'the pattern is neither one path nor a folder with all beneath it', agent);
  else plan.lines.looser(part, 'held for what is there when the unit starts', agent);
}

/** As one path of a unit; none for what cannot be said so. */
function deniedFolder(pattern: string): readonly string[] {
  const found = folderOf(pattern);
  return found === undefined || found.wider ? [] : [found.path];
}

function writableMount({ path, access }: Mount): readonly string[] {
  const found = folderOf(path);
  return access === 'write' && found !== undefined && !path.includes('*') ? [found.path] : [];
}

function isWrittenAt({ path, access }: { path: string; access: string }, mount: string): boolean {
  const found = folderOf(path);
  return access === 'write' && found !== undefined && isBeneath(mount, found.path);
}

function lossOf(wider: boolean, stands: Standing, path: string): string | undefined {
  if (wider) return `a unit has no patterns: all beneath ${path} is open`;
  return stands === 'tells only' ? 'it passes, as it would, and nothing tells of it' : undefined;
}

function ended(until: string | undefined): string {
  return `ended at ${until}, and is left out`;
}

/** `-`: a path that is not there is none, instead of a unit that does not start. */
function distinct(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].sort().map((path) => (path === '/' ? path : `-${path}`));
}
