import { z } from 'zod';
import { contractStates, Observation } from '../../model/index.js';

const Miss = z.strictObject({ clause: z.string(), predicate: z.string(), wanted: z.string(), got: z.string() });
const Addition = z.strictObject({ op: z.literal('add'), path: z.string(), value: z.unknown() });

/** `GET /v1/decisions/ID`: by the id that a refused caller was given, or that of the observation. */
export const DecisionAnswer = z.strictObject({
  observation: Observation,
  sentence: z.string(),
  /** What the nearest clause wanted, and what came; empty where it cannot be said any more. */
  nearest: z.array(Miss),
  /** JSON Patch (RFC 6902) of the contract that decided, which would have let it pass; null: none is small, or none should be made. */
  change: z.array(Addition).nullable(),
  /** Whether asking that contract again gives what was recorded. */
  repeated: z.boolean(),
  /** Of the version that decided; null: it is not known. */
  state: z.enum(contractStates).nullable(),
  /** What the contract in force now would say. */
  now: z
    .strictObject({
      version: z.int(),
      decision: z.enum(['allow', 'deny', 'would-deny', 'unmanaged']),
      clause: z.string().nullable(),
    })
    .nullable(),
});
