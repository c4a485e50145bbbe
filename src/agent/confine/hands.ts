/** What containment and evidence need of a workload, whoever has the right to do it: the helper, or we ourselves. */
import type { Attestation } from '../../model/index.js';
import type { Answer, ProcessDescription, ProcessRef } from '../helper/protocol.js';
import type { CodeTree } from '../../identity/index.js';
import type { ContainerEvidence } from './docker/evidence.js';
import type { Prepared } from './rung.js';

/** A workload as the agent has it. */
export interface Target {
  readonly prepared: Prepared;
  /** COMMAND; null before it was started. */
  readonly process: ProcessRef | null;
}

/** Two of one shape: `helperHands` (root, through the helper) and `ownHands` (an ordinary user). All may throw. */
export interface Hands {
  readonly name: 'helper' | 'own';
  processes(target: Target): Promise<readonly ProcessRef[]>;
  /** Returns how many processes stand still. */
  pause(target: Target): Promise<number>;
  resume(target: Target): Promise<number>;
  kill(target: Target): Promise<number>;
  isolate(target: Target): Promise<void>;
  rejoin(target: Target): Promise<void>;
  describe(target: Target, process: ProcessRef): Promise<ProcessDescription>;
  /** Writes to `into`, which must not exist; the process must be paused. */
  readMemory(target: Target, process: ProcessRef, into: string, maxBytes: number): Promise<Answer<'memory.read'>>;
  codeTree(target: Target, directory: string): Promise<CodeTree>;
  /** Null where containers are not protected: only the helper may speak to the Engine. */
  readonly containers: {
    attest(target: Target, process: ProcessRef): Promise<Attestation>;
    evidence(target: Target): Promise<ContainerEvidence>;
  } | null;
}
