/** What every verb is held to before anything is done: the helper trusts nobody, the agent least of all. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { cgroup2Mount, cgroupOf, isRunning, printable } from '../../base/index.js';
import { netnsFacts } from '../confine/index.js';
import type { CaptureSpec, Prepared } from '../confine/index.js';
import type { HelperContext } from './context.js';
import { HelperError } from './errors.js';
import type { ProcessRef } from './protocol.js';

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
  const facts = netnsFacts(prepared.spec);
  if (prepared.rung !== (prepared.spec.image === null ? 'netns' : 'docker'))
    refuse('the rung is not what was asked for');
  if (prepared.place.kind !== 'netns' || prepared.place.name !== facts.name)
    refuse('the network namespace is not ours');
  if (prepared.cgroupPath !== facts.cgroupPath || prepared.cgroup !== facts.cgroup) refuse('the cgroup is not ours');
  if (prepared.hostsFile !== facts.hostsFile) refuse('the hosts file is not ours');
}

export function checkContainer(prepared: Prepared): void {
  if (prepared.rung !== 'docker') refuse(`\`${prepared.spec.service}\` is no container`);
}

/** @returns the workload's cgroup directory */
export function cgroupPathOf(prepared: Prepared): string {
  if (prepared.cgroupPath === null) {
    throw new HelperError('failed', 'the command has no cgroup of its own', {
      hint: 'mount -t cgroup2 none /sys/fs/cgroup, then start it again',
    });
  }
  return prepared.cgroupPath;
}

/** The process is the one meant, and lives in the workload's cgroup or beneath it. */
export function checkProcess({ pid, start }: ProcessRef, prepared: Prepared): void {
  const cgroup = cgroupOf(pid);
  const mine = prepared.cgroup;
  const inside = mine !== null && cgroup !== undefined && (cgroup === mine || cgroup.startsWith(`${mine}/`));
  if (!inside || !isRunning(pid, start)) refuse(`process ${pid} is not one of \`${prepared.spec.service}\``);
}

export function checkFrozen(prepared: Prepared): void {
  let events = '';
  try {
    events = readFileSync(`${cgroupPathOf(prepared)}/cgroup.events`, 'utf8');
  } catch {
    // gone: refused below
  }
  if (!/^frozen 1$/m.test(events)) refuse('memory is read of paused workloads only', 'pause the service first');
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
