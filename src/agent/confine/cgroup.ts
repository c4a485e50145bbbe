/** Freezing, killing and listing the processes of one v2 cgroup (kernel documentation: cgroup-v2, core interface). */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { processFacts } from '../../base/index.js';
import { ConfineError } from './errors.js';

export interface RunningProcess {
  readonly pid: number;
  readonly start: number;
}

export function processesOf(cgroupPath: string): RunningProcess[] {
  return pidsOf(cgroupPath).flatMap((pid) => {
    const facts = processFacts(pid);
    return facts === undefined || facts.state === 'Z' ? [] : [{ pid, start: facts.start }];
  });
}

/** Stops or continues all processes at once, new children included; returns when the kernel says that it is so. */
export async function freezeCgroup(cgroupPath: string, frozen: boolean): Promise<number> {
  try {
    writeFileSync(`${cgroupPath}/cgroup.freeze`, frozen ? '1' : '0');
  } catch (cause) {
    throw new ConfineError('step-failed', `\`${cgroupPath}\` cannot be ${frozen ? 'frozen' : 'thawed'}`, { cause });
  }
  const wanted = `frozen ${frozen ? 1 : 0}`;
  for (let left = 500; left > 0; left -= 1) {
    if (readFileSync(`${cgroupPath}/cgroup.events`, 'utf8').includes(wanted)) return processesOf(cgroupPath).length;
    await pause(10);
  }
  throw new ConfineError('step-failed', `a process of \`${cgroupPath}\` does not ${frozen ? 'stop' : 'go on'}`, {
    hint: 'it hangs in the kernel (state D): kill the service instead',
  });
}

/**
 * Kills every process at once (`cgroup.kill`, Linux 5.14; else SIGKILL until none is left), frozen ones too. Returns how
 * many there were, once all are gone.
 */
export async function killCgroup(cgroupPath: string): Promise<number> {
  if (!existsSync(cgroupPath)) return 0;
  const killed = processesOf(cgroupPath);
  let atOnce = true;
  try {
    writeFileSync(`${cgroupPath}/cgroup.kill`, '1');
  } catch {
    atOnce = false;
  }
  for (let left = 500; left > 0; left -= 1) {
    if (!isPopulated(cgroupPath)) {
      await reaped(killed);
      return killed.length;
    }
    if (!atOnce) for (const pid of pidsOf(cgroupPath)) send(pid);
    await pause(10);
  }
  throw new ConfineError('step-failed', `a process of \`${cgroupPath}\` does not end`, {
    hint: 'it hangs in the kernel (state D); it ends when its system call does',
  });
}

/**
 * Waits until the dead are gone from the process table: to a program that looks for its predecessor by pid (PostgreSQL's
 * lock file) a zombie is alive. Whose parent never reaps is not waited for longer than three seconds.
 */
export async function reaped(processes: readonly RunningProcess[]): Promise<void> {
  for (let left = 150; left > 0; left -= 1) {
    if (processes.every(({ pid, start }) => processFacts(pid)?.start !== start)) return;
    await pause(20);
  }
}

/** Takes away an emptied cgroup and those beneath it; it is busy until its last process is reaped. */
export async function removeCgroup(cgroupPath: string): Promise<boolean> {
  for (const beneath of children(cgroupPath)) await removeCgroup(beneath);
  for (let left = 100; left > 0 && existsSync(cgroupPath); left -= 1) {
    try {
      rmdirSync(cgroupPath);
      return true;
    } catch {
      if (pidsOf(cgroupPath).some((pid) => processFacts(pid)?.state !== 'Z')) return false;
      await pause(20);
    }
  }
  return !existsSync(cgroupPath);
}

function children(cgroupPath: string): string[] {
  try {
    return readdirSync(cgroupPath, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [`${cgroupPath}/${entry.name}`] : [],
    );
  } catch {
    return [];
  }
}

function isPopulated(cgroupPath: string): boolean {
  try {
    return /^populated 1$/m.test(readFileSync(`${cgroupPath}/cgroup.events`, 'utf8'));
  } catch {
    return false;
  }
}

/** Those beneath count as well: a container's processes live in a cgroup that the runtime made in ours. */
function pidsOf(cgroupPath: string): number[] {
  let own: number[] = [];
  try {
    own = readFileSync(`${cgroupPath}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    // gone
  }
  return [...own, ...children(cgroupPath).flatMap(pidsOf)];
}

function send(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}
