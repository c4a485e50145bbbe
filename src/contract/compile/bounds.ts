/** Guardrails of the organisation: what a contract allows passes only if every bound allows it, too. */
import { type Bound, type Decision, isSatisfied, type Labels } from '../../model/index.js';

interface Held<R> {
  readonly name: string;
  readonly decide: (request: R) => Decision;
}

/** Those that apply to a service with these labels. A label that is not known bounds (fail closed). */
export function boundsFor(bounds: readonly Bound[], labels: Labels): readonly Bound[] {
  return bounds.filter(({ appliesTo }) =>
    Object.entries(appliesTo ?? {}).every(
      ([name, predicate]) => !Object.hasOwn(labels, name) || isSatisfied(predicate, labels[name]),
    ),
  );
}

/**
 * The contract's own answer, unless it lets pass what a bound does not allow: then `bound`, with the bound's clause or the
 * nearest of its clauses, in the mode of the contract's layer. A layer that is off is not held by bounds either.
 */
export function within<R>(decide: (request: R) => Decision, bounds: readonly Held<R>[]): (request: R) => Decision {
  if (bounds.length === 0) return decide;
  return (request) => {
    const own = decide(request);
    if (own.effect === 'deny' || own.reason === 'mode-off') return own;
    if (own.effect === 'would-deny' && own.reason !== 'audited') return own;
    for (const bound of bounds) {
      const limit = bound.decide(request);
      if (limit.effect !== 'deny') continue;
      const { layer, mode, contract, version, digest } = own;
      const named = (clause: string) => `${bound.name}/${clause}`;
      return {
        layer,
        mode,
        contract,
        version,
        digest,
        effect: mode === 'enforce' ? 'deny' : 'would-deny',
        clause: limit.clause === null ? null : named(limit.clause),
        reason: 'bound',
        ...(limit.nearest === undefined
          ? {}
          : { nearest: { clause: named(limit.nearest.clause), failed: limit.nearest.failed } }),
      };
    }
    return own;
  };
}
