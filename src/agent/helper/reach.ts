import { readFileSync, statSync } from 'node:fs';
import { type Prepared, type Reach, reachByCgroup, reachByDescent, treeOf } from '../confine/index.js';
import type { ProcessRef } from './protocol.js';

/**
 * All processes of a workload. Without a cgroup: whoever descends from COMMAND or lives in the workload's network
 * namespace, and runs as its user; so that nothing but a process of that user can be meant, whatever the agent names.
 */
export function reachOf(prepared: Prepared, command: ProcessRef | null | undefined): Reach {
  if (prepared.cgroupPath !== null) return reachByCgroup(prepared.cgroupPath);
  if (command === null || command === undefined) return reachByDescent(() => []);
  const namespace = prepared.place.kind === 'netns' ? inodeOf(`/run/netns/${prepared.place.name}`) : undefined;
  const inNamespace = (pid: number) => namespace !== undefined && inodeOf(`/proc/${pid}/ns/net`) === namespace;
  return reachByDescent(() => treeOf(command, inNamespace).filter(({ pid }) => userOf(pid) === prepared.spec.uid));
}

/** The real user id; undefined when the process is gone. */
export function userOf(pid: number): number | undefined {
  try {
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}
