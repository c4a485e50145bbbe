/** What the agent remembers of its workloads over a restart: never a key. */
import { z } from 'zod';
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
