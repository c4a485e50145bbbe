/** The processes of a command without a cgroup of its own: the root and all that descend from it. */
import { readdirSync } from 'node:fs';
import { isRunning, processFacts } from '../../base/index.js';
import type { RunningProcess } from './cgroup.js';

/** Root first. What left the tree by a double fork is found by `also` (a namespace that it cannot leave). */
export function treeOf(root: RunningProcess, also: (pid: number) => boolean = () => false): RunningProcess[] {
  const children = new Map<number, RunningProcess[]>();
  const found = new Map<number, RunningProcess>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const facts = processFacts(Number(entry));
    if (facts === undefined || facts.state === 'Z') continue;
    const one = { pid: facts.pid, start: facts.start };
    const siblings = children.get(facts.ppid);
    if (siblings === undefined) children.set(facts.ppid, [one]);
    else siblings.push(one);
    if (also(facts.pid)) found.set(facts.pid, one);
  }
  if (isRunning(root.pid, root.start)) found.set(root.pid, root);
  const queue = [...found.values()];
  for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
    for (const child of children.get(one.pid) ?? []) {
      if (found.has(child.pid)) continue;
      found.set(child.pid, child);
      queue.push(child);
    }
  }
  return [...found.values()].sort((a, b) => a.start - b.start || a.pid - b.pid);
}

/**
 * Sends a signal to the whole tree until a round finds nobody new: a process that forks while it is being stopped is
 * caught in the next round, since its parent no longer runs.
 */
export function signalTree(list: () => readonly RunningProcess[], signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): number {
  const seen = new Set<string>();
  for (let round = 0; round < 50; round += 1) {
    let fresh = 0;
    for (const { pid, start } of list()) {
      const key = `${pid}:${start}`;
      if (seen.has(key) || !isRunning(pid, start)) continue;
      try {
        process.kill(pid, signal);
      } catch {
        continue; // ended meanwhile
      }
      seen.add(key);
      fresh += 1;
    }
    if (fresh === 0) break;
  }
  return seen.size;
}
