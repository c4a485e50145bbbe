/** Decisions about messages: which topics we publish, which we subscribe. */
import type { ContractVersion, Decision } from '../../model/index.js';
import { answersFor, firmFirst } from './answers.js';
import { gradeOf, nearestMiss } from './nearest.js';
import { type Circumstances, compileTerms } from './terms.js';
import { topicMatcher, topicPrefix } from './topic.js';

export interface MessageRequest extends Circumstances {
  readonly topic: string;
  /** The broker, where it is known; a clause that names one wants it. */
  readonly broker?: string | undefined;
  readonly isolated?: boolean | undefined;
}

export function compileMessages(
  version: ContractVersion,
  what: 'publish' | 'subscribe',
): (request: MessageRequest) => Decision {
  const answers = answersFor(version, 'api');
  const clauses = version.contract.api?.messages?.[what];
  const entries = (clauses ?? []).map((clause) => ({
    id: clause.id,
    clause,
    matches: topicMatcher(clause.topic),
    terms: compileTerms<MessageRequest>(clause, () => ({ caller: {}, callee: {}, user: {}, request: {} })),
    decision: clause.mode === undefined ? answers.allow(clause.id) : answers.audited(clause.id),
  }));
  const ordered = entries.toSorted(
    (one, other) => Number(one.clause.mode !== undefined) - Number(other.clause.mode !== undefined),
  );
  const denials = (version.contract.deny ?? [])
    .flatMap((clause) => {
      const topic = clause.layer === 'api' ? clause[what] : undefined;
      if (topic === undefined) return [];
      const matches = topicMatcher(topic);
      return answers.denials(clause).map((denial) => ({ ...denial, matches }));
    })
    .sort(firmFirst);
  const nearest = (request: MessageRequest) =>
    nearestMiss(
      entries,
      ({ clause, matches, terms }) =>
        gradeOf(
          matches(request.topic),
          fits(clause.broker, request),
          terms.holds === undefined || terms.holds(request),
          true,
          topicPrefix(clause.topic, request.topic),
        ),
      ({ clause, matches, terms }) => [
        { name: 'topic', reason: 'topic', holds: matches(request.topic), wanted: clause.topic, got: request.topic },
        {
          name: 'broker',
          reason: 'topic',
          holds: fits(clause.broker, request),
          wanted: clause.broker ?? 'any',
          got: request.broker ?? 'unknown',
        },
        ...terms.describe(request),
      ],
      'topic',
    );
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    for (const { matches, counts, decision } of denials) {
      if (matches(request.topic) && (counts === undefined || counts(request))) return decision;
    }
    if (clauses === undefined) return answers.unmanaged;
    for (const { clause, matches, terms, decision } of ordered) {
      if (matches(request.topic) && fits(clause.broker, request) && (terms.holds === undefined || terms.holds(request)))
        return decision;
    }
    return answers.refuse(nearest, request);
  };
}

/** Which broker it is, is known to whoever holds the contract there; a question that does not say is about any. */
function fits(broker: string | undefined, request: MessageRequest): boolean {
  return broker === undefined || request.broker === undefined || broker === request.broker;
}
