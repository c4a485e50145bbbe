/** A version on its way into force: it decides beside the one in force (shadow), or in its place for a part of what happens. */
import { z } from 'zod';
import { ContractVersion } from './contract.js';
import { Layer } from './layer.js';
import { ServiceName } from './names.js';
import { Selector } from './predicate.js';

/** For which part the candidate is in force; for everything else, and with 0 %, it only decides beside. */
export const RolloutStage = z.strictObject({
  /** Share of the decisions of each replica, 0 to 100. */
  percent: z.number().min(0).max(100),
  /** Only in replicas whose identity has these attributes. */
  on: Selector.optional(),
});
export type RolloutStage = z.infer<typeof RolloutStage>;

/** What a data plane process has to know of it. */
export const Rollout = z.strictObject({ candidate: ContractVersion, stage: RolloutStage });
export type Rollout = z.infer<typeof Rollout>;

/** Decisions that both versions took. */
export const RolloutCounts = z.strictObject({
  compared: z.int(),
  /** Let through by the version in force, not by the candidate. */
  refused: z.int(),
  /** The other way round. */
  passed: z.int(),
});
export type RolloutCounts = z.infer<typeof RolloutCounts>;

/** Decisions that fell apart in the same way. */
export const RolloutFlip = z.strictObject({
  layer: Layer,
  direction: z.enum(['in', 'out']),
  /** What the candidate says. */
  to: z.enum(['refused', 'passed']),
  /** Service on the other side; null when it is not known. */
  peer: ServiceName.nullable(),
  /** `POST /charges`, `10.0.0.1:5432`; with the clause's path template where one matched. */
  what: z.string(),
  /** The candidate's. */
  reason: z.string(),
  count: z.int(),
  /** The newest: its observation, and when it was, ms since 1970. */
  last: z.string(),
  lastAt: z.number(),
});
export type RolloutFlip = z.infer<typeof RolloutFlip>;
