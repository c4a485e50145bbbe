/** All processes of a workload, to be listed, stopped and ended: by its cgroup, or by descent where it has none. */
import { setTimeout as pause } from 'node:timers/promises';
import { processFacts } from '../../base/index.js';
import { freezeCgroup, killCgroup, processesOf, reaped, type RunningProcess } from './cgroup.js';
import { ConfineError } from './errors.js';
import { signalTree } from './process-tree.js';

export interface Reach {
  list(): RunningProcess[];
  /** How many processes stand still, once all do. */
  pause(): Promise<number>;
  resume(): Promise<number>;
  /** How many there were, once all are gone. */
  kill(): Promise<number>;
}

export function reachByCgroup(path: string): Reach {
  return {
    list: () => processesOf(path),
    pause: () => freezeCgroup(path, true),
    resume: () => freezeCgroup(path, false),
    kill: () => killCgroup(path),
  };
}

/** By signals, sent again until `list` finds nobody who has not taken them. */
export function reachByDescent(list: () => RunningProcess[]): Reach {
  return {
    list,
    pause: async () => {
      signalTree(list, 'SIGSTOP');
      // The signal is sent; that it took effect is seen in the state of every process.
      for (let left = 500; left > 0; left -= 1) {
        const moving = list().filter(({ pid }) => !isStopped(pid));
        if (moving.length === 0) return list().length;
        signalTree(() => moving, 'SIGSTOP');
        await pause(10);
      }
      throw new ConfineError('step-failed', 'a process does not stop', { hint: 'kill the service instead' });
    },
    resume: async () => signalTree(list, 'SIGCONT'),
    kill: async () => {
      const killed = list();
      const count = signalTree(list, 'SIGKILL');
      for (let left = 500; left > 0; left -= 1) {
        if (list().length === 0) {
          await reaped(killed);
          return count;
        }
        signalTree(list, 'SIGKILL');
        await pause(10);
      }
      throw new ConfineError('step-failed', 'a process does not end', { hint: 'it hangs in the kernel (state D)' });
    },
  };
}

export function isStopped(pid: number): boolean {
  return 'Tt'.includes(processFacts(pid)?.state ?? 'T');
}
