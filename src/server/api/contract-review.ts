import { z } from 'zod';
import { Layer, ModeByLayer } from '../../model/index.js';
import { ServiceRef } from './common.js';
import { ClauseEvidence, ContractVersionRow, LearningGap } from './contracts.js';

const sections = [
  'executables',
  'files',
  'mounts',
  'ingress',
  'egress',
  'serves',
  'calls',
  'publish',
  'subscribe',
  'deny',
] as const;

/** The clause as the contract prints it. */
const Cell = z.strictObject({ clause: z.string(), text: z.string() });
/** One thing that clauses speak of: what each side says about it. */
export const ClauseRow = z.strictObject({
  layer: Layer,
  section: z.enum(sections),
  declared: Cell.nullable(),
  learned: Cell.nullable(),
  approved: Cell.nullable(),
  candidate: Cell.nullable(),
  /** From the approved to the candidate; null: neither has it, or nothing waits for a decision. */
  change: z.enum(['added', 'removed', 'changed', 'same']).nullable(),
  /** Of the candidate's clause, as long as it is learned and not decided. */
  evidence: ClauseEvidence.nullable(),
});

/** An unmanaged section lets everything pass; null: there is no such contract. */
const Managed = z.enum(['managed', 'unmanaged']).nullable();
export const SectionRow = z.strictObject({
  section: z.enum(sections),
  declared: Managed,
  learned: Managed,
  approved: Managed,
  candidate: Managed,
});

/** A whole contract on one side. `version` null: it is being learned and has no number yet. */
const Side = z.strictObject({
  version: z.int().nullable(),
  digest: z.string(),
  mode: ModeByLayer,
});

/** `GET /v1/contracts/:service/review`: declared, learned and approved clause by clause, and what would change. */
export const ReviewAnswer = z.strictObject({
  service: ServiceRef,
  /** The newest version that someone wrote and nobody rejected. */
  declared: Side.nullable(),
  /** The open proposal when it was learned, else what is learned now. */
  learned: Side.nullable(),
  approved: Side.nullable(),
  /** What a decision is about: the open proposal, else what is learned now. */
  candidate: Side.nullable(),
  /** The open proposal, on which a decision names its digest. */
  proposal: ContractVersionRow.nullable(),
  /** More or other things are learned now than the open proposal holds. */
  learnedOn: z.boolean(),
  sections: z.array(SectionRow),
  clauses: z.array(ClauseRow),
  /** Of what is learned and not decided: seen, and on purpose not in it. */
  notLearned: z.array(z.strictObject({ what: z.string(), why: z.string(), count: z.int() })),
  gaps: z.array(LearningGap).max(50),
  overflow: z.int(),
  /** Who proposed and decided what, when and why: the newest 200 versions. */
  history: z.array(ContractVersionRow).max(200),
});
