/** What the next agent must know of what this one runs. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { codeOf, isDiskFull, type Logger } from '../base/index.js';
import { WorkloadRecord } from './workload-record.js';

const File = z.strictObject({
  schemaVersion: z.literal(1),
  workloads: z.array(WorkloadRecord),
  gateway: z.strictObject({ sidecar: z.strictObject({ pid: z.int(), start: z.number() }), inlet: z.null() }).nullable(),
});
export type AgentState = Omit<z.infer<typeof File>, 'schemaVersion'>;

/** A torn or foreign file counts as none: what it described is found again by `down` through cgroups and sockets. */
export function readAgentState(path: string): AgentState {
  try {
    const { workloads, gateway } = File.parse(JSON.parse(readFileSync(path, 'utf8')));
    return { workloads, gateway };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') renameBroken(path);
    return { workloads: [], gateway: null };
  }
}

/** Returns what writes it. A full disk must not end what serves: it is written as soon as there is room. */
export function keepAgentState(path: string, state: () => AgentState, log: Logger): () => void {
  let waiting = false;
  return remember;

  function remember(): void {
    try {
      writeFileSync(`${path}.new`, JSON.stringify({ schemaVersion: 1, ...state() }), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      log.error({ path }, 'no space left to remember workloads: tried again');
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        remember();
      }, 1_000).unref();
    }
  }
}

function renameBroken(path: string): void {
  try {
    renameSync(path, `${path}.broken`);
  } catch {
    // gone meanwhile
  }
}
