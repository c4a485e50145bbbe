/** Explicit denies of the API layer about requests to us; without methods or callers they mean all of them. */
import type { ContractVersion, Decision } from '../../model/index.js';
import { answersFor } from './answers.js';
import { segmentsOf } from './operations.js';
import { PathTable, type Placed } from './path-table.js';
import { deniedCallerMatcher } from './peers.js';
import { type ServeRequest, servedInput } from './serve-request.js';
import { compileDenyTerms } from './terms.js';

interface Denied extends Placed<ServeRequest> {
  readonly decision: Decision;
}

/** undefined when there is none. One that is held in full comes before one whose own mode is milder. */
export function deniedOperations(
  version: ContractVersion,
): ((request: ServeRequest) => Decision | undefined) | undefined {
  const answers = answersFor(version, 'api');
  const firm = new PathTable<ServeRequest, Denied>(() => undefined);
  const milder = new PathTable<ServeRequest, Denied>(() => undefined);
  let some = false;
  for (const [order, clause] of (version.contract.deny ?? []).entries()) {
    if (clause.layer !== 'api' || clause.path === undefined) continue;
    some = true;
    const segments = segmentsOf(clause.path);
    const methods = clause.methods === undefined ? undefined : new Set(clause.methods);
    const from = clause.from === undefined ? undefined : deniedCallerMatcher(clause.from);
    const terms = compileDenyTerms<ServeRequest>(clause, (request) => servedInput(request, segments));
    for (const { decision, mild, counts } of answers.denials(clause, clause.path)) {
      const holds =
        counts === undefined
          ? terms
          : (request: ServeRequest) => counts(request) && (terms === undefined || terms(request));
      (mild ? milder : firm).add(segments, clause.path, {
        order,
        names: [],
        others: (request) =>
          (methods === undefined || methods.has(request.method)) && (from === undefined || from(request)),
        holds,
        decision,
      });
    }
  }
  if (!some) return undefined;
  return (request) => (firm.find(request.path, request) ?? milder.find(request.path, request))?.decision;
}
