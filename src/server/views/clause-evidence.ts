/** What the clauses of a contract rest on, as far as it is still being learned. */
import type { z } from 'zod';
import { canonicalJson, type ClauseEvidence, clausesOf, type Proposal } from '../../contract/index.js';
import type { Contract } from '../../model/index.js';
import type { ClauseEvidence as EvidenceAnswer } from '../api/contracts.js';

/** By clause id. Only clauses that are learned in the same words: another one's evidence would speak for them. */
export function evidenceOf(
  contract: Contract,
  learned: Pick<Proposal, 'contract' | 'evidence'> | undefined,
): ReadonlyMap<string, ClauseEvidence> {
  if (learned === undefined) return new Map();
  const words = new Map(clausesOf(learned.contract).map(({ clause }) => [clause.id, canonicalJson(clause)]));
  return new Map(
    clausesOf(contract).flatMap(({ clause: { id }, clause }) => {
      const evidence = learned.evidence.get(id);
      return evidence === undefined || words.get(id) !== canonicalJson(clause) ? [] : [[id, evidence] as const];
    }),
  );
}

/** @param readsObservations whether the reader may see single observations: paths and callers of one request. */
export function evidenceAnswer(
  { sample, sampleText, callers, ...counted }: ClauseEvidence,
  readsObservations: boolean,
): z.infer<typeof EvidenceAnswer> {
  return {
    ...counted,
    callers: [...callers],
    sample: readsObservations ? { observation: sample, text: sampleText } : null,
  };
}
