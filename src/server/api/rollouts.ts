import { z } from 'zod';
import { RolloutCounts, RolloutFlip, RolloutStage } from '../../model/index.js';
import { ServiceRef, Time } from './common.js';

export const RolloutRow = z.strictObject({
  id: z.string(),
  service: ServiceRef,
  version: z.int(),
  digest: z.string(),
  stage: RolloutStage,
  most: z.number(),
  begunBy: z.string(),
  begunAt: Time,
  endedBy: z.string().nullable(),
  endedAt: Time.nullable(),
  endedWhy: z.string().nullable(),
  counts: RolloutCounts,
  /** What the candidate says otherwise, most often first. */
  flips: z.array(RolloutFlip),
});

/** `GET /v1/contracts/:service/rollout`. */
export const RolloutAnswer = z.strictObject({
  service: ServiceRef,
  /** The open one. */
  rollout: RolloutRow.nullable(),
  /** Those before, newest first. */
  earlier: z.array(RolloutRow),
});

/** `POST /v1/contracts/:service/rollout`: with 0 % the version decides beside the one in force (shadow). */
export const RolloutRequest = z.strictObject({
  version: z.int().min(0),
  digest: z.string().max(80),
  stage: RolloutStage,
  /** Share of refusals, 0 to 1, beyond which it ends by itself. */
  most: z.number().min(0).max(1).default(0.01),
});

/** `POST /v1/contracts/:service/rollout/end`. */
export const RolloutEndRequest = z.strictObject({ reason: z.string().min(1).max(500) });
