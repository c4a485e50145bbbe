/** What the attestation of a container must see of its first process. */
import { readFileSync } from 'node:fs';
import { type ProcessFacts, processFacts } from '../../base/index.js';

export interface ProcessReader {
  facts(pid: number): ProcessFacts | undefined;
  /** All lines of `/proc/PID/cgroup`. */
  cgroups(pid: number): string | undefined;
}

export const procfs: ProcessReader = {
  facts: processFacts,
  cgroups: (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    } catch {
      return undefined;
    }
  },
};
