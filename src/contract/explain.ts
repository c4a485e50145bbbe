/** A decision in plain words. */
import type { Decision } from '../model/index.js';

/**
 * One sentence: what was decided, by which contract and clause, and what would have let it pass. What came from
 * outside in it (paths, names) is escaped already by the decision.
 *
 * @example
 * explain(decision);
 * // 'denied by payments@3: the caller is not listed; nearest: `refund` wants caller service orders, got service catalog'
 */
export function explain(decision: Decision): string {
  const by = decision.contract === null ? '' : ` by ${decision.contract}@${decision.version ?? '?'}`;
  const clause = decision.clause === null ? '' : `, clause \`${decision.clause}\``;
  if (decision.effect === 'allow') {
    return decision.reason === 'allowed' ? `allowed${by}${clause}` : `allowed${by}: ${sentences[decision.reason]}`;
  }
  const verb = decision.effect === 'deny' ? 'denied' : 'would be denied';
  return `${verb}${by}${clause}: ${sentences[decision.reason]}${nearest(decision)}`;
}

/** The nearest miss as one clause of a sentence, for a verdict's `nearest`; undefined when nothing was near. */
export function explainNearest(decision: Decision): string | undefined {
  if (decision.nearest === undefined) return undefined;
  const failed = decision.nearest.failed.map(({ predicate, wanted, got }) => `${predicate} ${wanted}, got ${got}`);
  return `\`${decision.nearest.clause}\` wants ${failed.join('; ')}`.slice(0, 512);
}

function nearest(decision: Decision): string {
  const text = explainNearest(decision);
  return text === undefined ? '' : `; nearest: ${text}`;
}

const sentences: Readonly<Record<Decision['reason'], string>> = {
  allowed: 'a clause allows it',
  'layer-unmanaged': 'the contract does not manage this layer',
  'mode-off': 'this layer is off',
  learning: 'no clause allows it yet; the layer is learning',
  'no-contract': 'the service has no contract',
  'no-identity': 'the caller proved no identity',
  'identity-expired': 'the identity has expired',
  'wrong-trust-domain': 'the identity is of a trust domain that is not accepted',
  'caller-not-listed': 'no clause lists this caller',
  'callee-not-listed': 'no clause lists this callee',
  'peer-not-listed': 'no clause lists this peer',
  port: 'no clause lists this port',
  method: 'no clause lists this method',
  path: 'no clause matches this path',
  executable: 'no clause lists this program',
  file: 'no clause lists this file',
  topic: 'no clause lists this topic',
  attribute: 'an attribute of the identity does not match',
  'claim-missing': 'a claim of the user is missing',
  'claim-value': 'a claim of the user does not match',
  where: 'a condition does not hold',
  'clause-expired': 'the clause that would allow it has ended',
  rate: 'more requests came than the clause allows in its time',
  audited: 'a clause lets it pass and tells of it',
  bound: 'a bound of the organisation does not allow it',
  'explicit-deny': 'a clause forbids it',
  isolated: 'one side is isolated',
  malformed: 'the request is malformed',
  'no-route': 'no route leads there',
  'internal-error': 'something failed; nothing passes on a failure',
};
