import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { isRunning } from '../../base/index.js';
import { codeTree } from '../../identity/index.js';
import type { RunningProcess } from './cgroup.js';
import { describeProcess } from './describe.js';
import { ConfineError } from './errors.js';
import type { Hands, Target } from './hands.js';
import { copyMemory } from './memory.js';
import { treeOf } from './process-tree.js';
import { type Reach, reachByDescent } from './reach.js';
import { rungNamed } from './rungs.js';

/**
 * An ordinary user's means: signals to the whole tree of processes, and to whatever else lives in the workload's network
 * namespace, which a process cannot leave by forking twice.
 */
export const ownHands: Hands = {
  name: 'own',
  processes: async (target) => reach(target).list(),
  pause: (target) => reach(target).pause(),
  resume: (target) => reach(target).resume(),
  kill: (target) => reach(target).kill(),
  isolate: ({ prepared }) => rungNamed(prepared.rung).isolate(prepared),
  rejoin: ({ prepared }) => rungNamed(prepared.rung).rejoin(prepared),
  describe: async (_, { pid, start }) => {
    const described = describeProcess(pid, start);
    if (described === undefined) throw new ConfineError('step-failed', `process ${pid} is gone`);
    return described;
  },
  readMemory: async (_, { pid, start }, into, maxBytes) => {
    let memory: number;
    let maps: string;
    try {
      maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
      memory = openSync(`/proc/${pid}/mem`, 'r');
    } catch (cause) {
      throw new ConfineError('step-failed', `the kernel does not let this user read the memory of process ${pid}`, {
        cause,
        hint: 'run with sudo, or set kernel.yama.ptrace_scope=0',
      });
    }
    try {
      if (!isRunning(pid, start)) throw new ConfineError('step-failed', `process ${pid} is gone`);
      const file = openSync(into, 'wx', 0o600);
      try {
        return copyMemory(maps, memory, file, maxBytes);
      } finally {
        closeSync(file);
      }
    } finally {
      closeSync(memory);
    }
  },
  codeTree: async (_, directory) => codeTree(directory),
  containers: null,
};

function reach(target: Target): Reach {
  return reachByDescent(() => list(target));
}

function list({ prepared, process }: Target): RunningProcess[] {
  if (process === null) return [];
  const network = prepared.place.kind === 'userns' ? namespaceOf(prepared.place.pid) : undefined;
  // Holder and inlet live in that namespace, too, and must go on: they run in the user namespace above the command's.
  const above = prepared.place.kind === 'userns' ? userNamespaceOf(prepared.place.pid) : undefined;
  return treeOf(
    process,
    (pid) => network !== undefined && namespaceOf(pid) === network && userNamespaceOf(pid) !== above,
  );
}

function namespaceOf(pid: number): string | undefined {
  return link(`/proc/${pid}/ns/net`);
}

function userNamespaceOf(pid: number): string | undefined {
  return link(`/proc/${pid}/ns/user`);
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
