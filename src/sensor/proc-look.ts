/** Finds the processes of targets in `/proc` without reading all of it: by their cgroups, and by descent. */
import { readdirSync, readFileSync } from 'node:fs';
import { cgroup2Mount, isRunning, processFacts } from '../base/index.js';
import { type Glimpse, glimpse } from './glimpse.js';
import type { Target } from './target.js';

/** Every process of each target, now. Who cannot look rejects; nothing was seen then, which is not that nobody runs. */
export type Look = (targets: readonly Target[]) => Promise<ReadonlyMap<Target, readonly Glimpse[]>>;

/** As ourselves: what the kernel shows to our own user. */
export function ownLook(): Look {
  // Who was seen once stays a member when its parent ends (a daemon's double fork).
  const known = new Map<string, Map<number, number>>();
  return async (targets) => {
    const found = new Map<Target, readonly Glimpse[]>();
    for (const target of targets) {
      const before = known.get(target.workload) ?? new Map<number, number>();
      const members = membersOf(target, before).flatMap((pid) => glimpse(pid) ?? []);
      known.set(target.workload, new Map(members.map(({ pid, start }) => [pid, start])));
      found.set(target, members);
    }
    for (const workload of known.keys()) {
      if (!targets.some((target) => target.workload === workload)) known.delete(workload);
    }
    return found;
  };
}

function membersOf({ cgroup, root }: Target, known: ReadonlyMap<number, number>): number[] {
  const first = [...known].filter(([pid, start]) => isRunning(pid, start)).map(([pid]) => pid);
  if (root !== undefined && isRunning(root.pid, root.start)) first.push(root.pid);
  const mount = cgroup === undefined ? undefined : cgroup2Mount();
  if (cgroup !== undefined && mount !== undefined) first.push(...pidsOf(`${mount}${cgroup.path}`));
  return descendants(first);
}

/** These and all below them. */
export function descendants(first: readonly number[]): number[] {
  const members = new Set(first);
  const queue = [...members];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    for (const child of childrenOf(pid)) {
      if (members.has(child)) continue;
      members.add(child);
      queue.push(child);
    }
  }
  return [...members];
}

/** `/proc/PID/task/TID/children` (proc_pid_task(5)) of every thread; kernels without it are read as a whole. */
function childrenOf(pid: number): number[] {
  const found: number[] = [];
  for (const thread of names(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
      found.push(...text.split(' ').filter(Boolean).map(Number));
    } catch (error) {
      if (names(`/proc/${pid}/task/${thread}`).length === 0) continue; // it ended
      if (!hasChildrenFiles()) return allChildrenOf(pid);
      throw error;
    }
  }
  return found;
}

let childrenFiles: boolean | undefined;
function hasChildrenFiles(): boolean {
  childrenFiles ??= names(`/proc/${process.pid}/task/${process.pid}`).includes('children');
  return childrenFiles;
}

function allChildrenOf(pid: number): number[] {
  return names('/proc').flatMap((name) => {
    const facts = /^[0-9]+$/.test(name) ? processFacts(Number(name)) : undefined;
    return facts?.ppid === pid ? [facts.pid] : [];
  });
}

function pidsOf(cgroup: string): number[] {
  let own: number[] = [];
  try {
    own = readFileSync(`${cgroup}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return []; // gone
  }
  const beneath = readdirSync(cgroup, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...own, ...beneath.flatMap((entry) => pidsOf(`${cgroup}/${entry.name}`))];
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
