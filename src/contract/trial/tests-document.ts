/** Tables of questions and the answers that a set of contracts has to give. */
import { z } from 'zod';
import { ServiceName } from '../../model/index.js';
import { Row } from '../ask/question.js';

const decisions = ['allow', 'deny', 'would-deny', 'unmanaged'] as const;

const Expected = z.strictObject({
  decision: z.enum(decisions),
  /** Clause that decides; a clause of a base is written `BASE/CLAUSE`. */
  clause: z.string().max(130).optional(),
  reason: z.string().max(64).optional(),
  /** The service whose contract decides. */
  side: ServiceName.optional(),
});

export const ContractTest = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  /** One question, as `contract decide --requests` reads it. */
  ask: Row,
  /** The decision alone, or more of the answer. */
  expect: z.union([z.enum(decisions), Expected], {
    error: `one of ${decisions.join(', ')}, or more of the answer under \`decision\`, \`clause\`, \`reason\`, \`side\``,
  }),
});
export type ContractTest = z.infer<typeof ContractTest>;

export const ContractTests = z.strictObject({
  apiVersion: z.literal('tricordon/v1'),
  kind: z.literal('ContractTests'),
  tests: z.array(ContractTest).min(1).max(100_000),
});
export type ContractTests = z.infer<typeof ContractTests>;
