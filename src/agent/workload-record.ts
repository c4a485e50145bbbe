/** What the agent remembers of its workloads over a restart: never a key. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { codeOf } from '../base/index.js';
import { Attestation } from '../model/index.js';
import { HeldRules, Prepared } from './confine/index.js';
import { WorkloadRequest } from './local-protocol.js';

const ProcessPair = z.strictObject({
  sidecar: z.strictObject({ pid: z.int(), start: z.number() }),
  inlet: z.strictObject({ pid: z.int(), start: z.number() }).nullable(),
});

export const WorkloadRecord = z.strictObject({
  id: z.string(),
  request: WorkloadRequest,
  prepared: Prepared,
  plane: ProcessPair,
  /** Unix socket of the data plane process. */
  control: z.string(),
  workloadApiSocket: z.string(),
  process: z.strictObject({ pid: z.int(), start: z.number() }).nullable(),
  attestation: Attestation.nullable(),
  /** What the kernel holds the running command to at the runtime layer; null: nothing. */
  held: HeldRules.nullable().default(null),
  state: z.enum(['starting', 'running', 'paused', 'isolated', 'stopped']),
});
export type WorkloadRecord = z.infer<typeof WorkloadRecord>;

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

export function writeAgentState(path: string, state: AgentState): void {
  writeFileSync(`${path}.new`, JSON.stringify({ schemaVersion: 1, ...state }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function renameBroken(path: string): void {
  try {
    renameSync(path, `${path}.broken`);
  } catch {
    // gone meanwhile
  }
}
