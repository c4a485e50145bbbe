/** What every verb is held to before anything is done: the helper trusts nobody, the agent least of all. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { cgroup2Mount, cgroupOf, isRunning, printable } from '../../base/index.js';
import { isStopped, loopbackFacts, netnsFacts } from '../confine/index.js';
import type { CaptureSpec, Prepared } from '../confine/index.js';
import type { HelperContext } from './context.js';
import { HelperError } from './errors.js';
import type { ProcessRef } from './protocol.js';
import { userOf } from './reach.js';

export function checkSpec(spec: CaptureSpec, context: HelperContext): void {
  if (spec.instance !== context.instance) refuse('the instance is another house’s');
  if (spec.uid === 0 || spec.gid === 0) refuse('a protected command does not run as root', 'name a user with --user');
  if (spec.uid === context.agent.uid) refuse('a protected command does not run as our own account');
  if (spec.runtimeDir !== context.runtimeDir) refuse('the runtime directory is not ours');
  if (!spec.hideDirs.includes(context.dataDir)) refuse('the data directory must be hidden from the command');
  if (spec.programDir !== context.programDir || spec.nodePath !== context.nodePath) refuse('the program is not ours');
  const socket = spec.workloadApiSocket;
  // Its folder is what the command gets to see: one that holds nothing else.
  const folder = `${context.runtimeDir}/w/`;
  if (socket !== null && !(socket.startsWith(folder) && /^[0-9a-f]{8}\/api\.sock$/.test(socket.slice(folder.length))))
    refuse('the Workload API socket is not ours');
}

/** A `Prepared` is believed only as far as it follows from its spec: names and paths are computed anew and compared. */
export function checkPrepared(prepared: Prepared, context: HelperContext): void {
  checkSpec(prepared.spec, context);
  if (prepared.rung === 'userns' || (prepared.rung === 'docker') !== (prepared.spec.image !== null))
    refuse('the rung is not what was asked for');
  const facts = prepared.rung === 'loopback' ? onLoopback(prepared.spec) : inNamespace(prepared.spec);
  const { place } = prepared;
  if ((place.kind === 'netns' ? place.name : place.kind) !== facts.place) refuse('the network namespace is not ours');
  if (prepared.cgroupPath !== facts.cgroupPath || prepared.cgroup !== facts.cgroup) refuse('the cgroup is not ours');
  if (prepared.hostsFile !== facts.hostsFile) refuse('the hosts file is not ours');
}

function inNamespace(spec: CaptureSpec) {
  const { name, ...rest } = netnsFacts(spec);
  return { ...rest, place: name };
}

function onLoopback(spec: CaptureSpec) {
  return { ...loopbackFacts(spec), hostsFile: null, place: 'host' };
}

export function checkContainer(prepared: Prepared): void {
  if (prepared.rung !== 'docker') refuse(`\`${prepared.spec.service}\` is no container`);
}

/** The process is the one meant, and one of the workload's: of its cgroup or beneath, or of its user where it has none. */
export function checkProcess({ pid, start }: ProcessRef, prepared: Prepared): void {
  const inside = prepared.cgroup === null ? userOf(pid) === prepared.spec.uid : lives(pid, prepared.cgroup);
  if (!inside || !isRunning(pid, start)) refuse(`process ${pid} is not one of \`${prepared.spec.service}\``);
}

function lives(pid: number, cgroup: string): boolean {
  const found = cgroupOf(pid);
  return found !== undefined && (found === cgroup || found.startsWith(`${cgroup}/`));
}

export function checkFrozen({ pid }: ProcessRef, prepared: Prepared): void {
  const frozen = prepared.cgroupPath === null ? isStopped(pid) : isFrozen(prepared.cgroupPath);
  if (!frozen) refuse('memory is read of paused workloads only', 'pause the service first');
}

function isFrozen(cgroupPath: string): boolean {
  try {
    return /^frozen 1$/m.test(readFileSync(`${cgroupPath}/cgroup.events`, 'utf8'));
  } catch {
    return false; // gone
  }
}

/** Paths the agent may name are beneath one folder of ours; symbolic links on the way are resolved first. */
export function checkBeneath(path: string, folder: string): void {
  if (!beneath(path, folder)) refuse(`\`${printable(path)}\` is not beneath \`${folder}\``);
  let parent: string;
  let real: string;
  try {
    parent = realpathSync(path.slice(0, path.lastIndexOf('/')));
    real = realpathSync(folder);
  } catch {
    refuse(`\`${printable(path)}\` has no folder to lie in`);
  }
  if (parent !== real && !beneath(parent, real)) refuse(`\`${printable(path)}\` leads out of \`${folder}\``);
}

/** Sensors watch the cgroups of this house and nothing else. */
export function checkParents(parents: readonly string[], context: HelperContext): void {
  const own = `${cgroup2Mount()}/tricordon/${context.instance}`;
  let inode = '';
  try {
    inode = String(statSync(own, { bigint: true }).ino);
  } catch {
    // none yet: nothing may be named
  }
  for (const parent of parents) if (parent !== inode) refuse(`cgroup ${parent} is not this house’s`);
}

export function beneath(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`) && !path.split('/').includes('..');
}

function refuse(message: string, hint?: string): never {
  throw new HelperError('refused', message, hint === undefined ? {} : { hint });
}
