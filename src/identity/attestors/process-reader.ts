/** What an attestor must see of a process. A port: reading another account's process takes the privileged helper. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { commandLineOf, executableOf, type ProcessFacts, processFacts } from '../../base/index.js';

export interface ProcessReader {
  facts(pid: number): ProcessFacts | undefined;
  /** As the kernel has it, ` (deleted)` kept. */
  executable(pid: number): string | undefined;
  commandLine(pid: number): readonly string[] | undefined;
  workingDirectory(pid: number): string | undefined;
  uid(pid: number): number | undefined;
  /** All lines of `/proc/PID/cgroup`. */
  cgroups(pid: number): string | undefined;
  /** Session leader's pid (field 6 of `/proc/PID/stat`). */
  session(pid: number): number | undefined;
}

export const procfs: ProcessReader = {
  facts: processFacts,
  executable: executableOf,
  commandLine: commandLineOf,
  workingDirectory: (pid) => attempt(() => readlinkSync(`/proc/${pid}/cwd`)),
  uid: (pid) =>
    attempt(() =>
      Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? statSync(`/proc/${pid}`).uid),
    ),
  cgroups: (pid) => attempt(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8')),
  session: (pid) =>
    attempt(() => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
    }),
};

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
