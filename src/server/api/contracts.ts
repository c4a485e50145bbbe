import { z } from 'zod';
import { ContractVersion, contractStates, Layer, ModeByLayer } from '../../model/index.js';
import { HeldBy, ServiceRef, Time } from './common.js';

export const ContractVersionRow = z.strictObject({
  version: z.int(),
  digest: z.string(),
  state: z.enum(contractStates),
  origin: ContractVersion.shape.origin,
  mode: ModeByLayer,
  observed: z.int(),
  proposedBy: z.string(),
  proposedAt: Time,
  decidedBy: z.string().nullable(),
  decidedAt: Time.nullable(),
  reason: z.string().nullable(),
});

/** `GET /v1/contracts`. */
export const ContractsAnswer = z.strictObject({
  contracts: z.array(
    z.strictObject({
      service: ServiceRef,
      active: HeldBy.nullable(),
      proposal: ContractVersionRow.nullable(),
      versions: z.int(),
      /** Observations folded into the live proposal. */
      learned: z.int(),
    }),
  ),
});

/** `GET /v1/contracts/:service` and `/v1/contracts/:service/versions/:version`. */
export const ContractAnswer = z.strictObject({
  service: ServiceRef,
  version: ContractVersion,
  /** The contract as it is in force, as YAML. */
  text: z.string(),
  /** As its writer wrote it, with what it extends and exceptions; null: it is the same. */
  written: z.string().nullable(),
  versions: z.array(ContractVersionRow),
});

/** What a learned clause rests on: counted from the observations of its learning that are still kept. */
export const ClauseEvidence = z.strictObject({
  firstSeen: Time,
  lastSeen: Time,
  count: z.int(),
  /** Services (or `public`) on the other side; at the runtime layer the workloads. */
  callers: z.array(z.string()).max(16),
  /** null without the permission observation.read. */
  sample: z.strictObject({ observation: z.string(), text: z.string() }).nullable(),
});
/** Something nobody saw while the service was learned. */
export const LearningGap = z.strictObject({
  /** null: it is not of one host. */
  host: z.string().nullable(),
  since: Time,
  until: Time,
  sentence: z.string(),
});
export const DiffRow = z.strictObject({
  layer: Layer.nullable(),
  change: z.enum(['added', 'removed', 'changed', 'mode']),
  /** Plain words: "payments may now be called with POST /charges by orders". */
  sentence: z.string(),
  /** What someone could do now, or no more: `orders -> POST /charges`. */
  example: z.string().nullable(),
  clause: z.string().nullable(),
  /** Of an added right that is learned and not decided yet; else null. */
  evidence: ClauseEvidence.nullable(),
});
/** An estimate with its reasons; null: nothing was seen at this layer. */
export const Readiness = z.strictObject({
  layer: Layer,
  value: z.number().min(0).max(1).nullable(),
  /** Share of what happens that may not be covered, at most (95 % confidence). */
  unseen: z.number().min(0).max(1).nullable(),
  observed: z.int(),
  days: z.int(),
  starts: z.int(),
  reasons: z.array(z.string()),
});
/** `GET /v1/contracts/:service/diff?from=&to=`: default is active against proposal, or against what is learned. */
export const DiffAnswer = z.strictObject({
  service: ServiceRef,
  from: z.int().nullable(),
  /** null: the live proposal, not yet a version. */
  to: z.int().nullable(),
  rows: z.array(DiffRow),
  /** Of a learned proposal that is not decided yet: seen, and on purpose not in it. The reviewer may add it by hand. */
  notLearned: z.array(z.strictObject({ what: z.string(), why: z.string(), count: z.int() })),
  /** Of such a proposal: when the sensor did not see, and what retention let go of. At most 50. */
  gaps: z.array(LearningGap).max(50),
  /** Of such a proposal: how much of what the service does it may be, by layer. */
  readiness: z.array(Readiness),
  /** Of such a proposal: different things that did not fit; not 0 means it is incomplete. */
  overflow: z.int(),
  text: z.string(),
});

/** `POST /v1/contracts/:service/propose`: what was learned, or a contract of your own, as an immutable version. */
export const ProposeRequest = z.strictObject({
  mode: ModeByLayer.partial().optional(),
  /** YAML or JSON of a whole contract; absent: what was learned. */
  text: z.string().max(262_144).optional(),
});
/** `POST /v1/contracts/:service/approve`. */
export const DecideRequest = z.strictObject({
  version: z.int().min(0),
  /** The digest that was read; another one is refused, so that nobody approves what they did not see. */
  digest: z.string().max(100),
  reason: z.string().trim().max(500).optional(),
});
/** `POST /v1/contracts/:service/reject`: whoever proposed it learns from the reason what to do next. */
export const RejectRequest = DecideRequest.extend({
  reason: z.string().trim().min(1, 'say why, and what whoever proposed it should do next').max(500),
});
/** `POST /v1/contracts/:service/mode`: makes and activates a new version that differs in its modes only. */
export const ModeRequest = z.strictObject({
  mode: ModeByLayer.partial(),
  reason: z.string().trim().max(500).optional(),
});
