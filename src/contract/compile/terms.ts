/** What a clause asks beside who and what: a condition, a user, a time. */
import type { Rate, User } from '../../model/index.js';
import { compileCondition, type ConditionInput, parseCondition } from '../condition/index.js';
import { isOver, momentOf } from './moment.js';
import type { Predicate } from './nearest.js';
import type { Proved } from './selector.js';
import { type Claims, userPredicates, userTest } from './user.js';

export interface Terms {
  readonly mode?: 'audit' | 'learn' | undefined;
  readonly until?: string | undefined;
  readonly where?: string | undefined;
  readonly user?: User | undefined;
  readonly rate?: Rate | undefined;
}

/** What requests of every kind may bring to the terms of a clause. */
export interface Circumstances {
  /** Of the caller's identity; one object for one identity, which does not change. */
  readonly attributes?: Proved | undefined;
  /** Of the other side's identity, where a service calls. */
  readonly peerAttributes?: Proved | undefined;
  readonly claims?: Claims | null | undefined;
  /** Milliseconds since the epoch. Without it a clause that ends has ended. */
  readonly at?: number | undefined;
}

export interface CompiledTerms<R extends Circumstances> {
  /** undefined: nothing is asked. */
  readonly holds: ((request: R) => boolean) | undefined;
  readonly describe: (request: R) => readonly Predicate[];
}

/** `input` says what a condition sees of a request. For an allow: what cannot be said does not hold. */
export function compileTerms<R extends Circumstances>(
  terms: Terms,
  input: (request: R) => ConditionInput,
): CompiledTerms<R> {
  const until = terms.until === undefined ? undefined : momentOf(terms.until);
  const user = userTest(terms.user);
  const where = terms.where === undefined ? undefined : conditionOf(terms.where);
  if (until === undefined && user === undefined && where === undefined) return nothingAsked;
  return {
    holds: (request) =>
      !isOver(until, request.at) &&
      (user === undefined || user(request.claims)) &&
      (where === undefined || where(input(request)) === true),
    describe: (request) => [
      ...userPredicates(terms.user, request.claims),
      ...(where === undefined || terms.where === undefined
        ? []
        : [
            {
              name: 'where',
              reason: 'where',
              holds: where(input(request)) === true,
              wanted: terms.where,
              got: where(input(request)) === undefined ? 'a value is missing' : 'false',
            } as const,
          ]),
      ...(until === undefined || terms.until === undefined
        ? []
        : [
            {
              name: 'until',
              reason: 'clause-expired',
              holds: !isOver(until, request.at),
              wanted: `before ${terms.until}`,
              got: request.at === undefined ? 'no time' : new Date(request.at).toISOString(),
            } as const,
          ]),
    ],
  };
}

const nothingAsked: CompiledTerms<Circumstances> = { holds: undefined, describe: () => [] };

/** Found out when it is first asked for, and kept. */
export function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/** For a deny: what cannot be said holds. Its `until` ends its milder mode, never the deny. */
export function compileDenyTerms<R extends Circumstances>(
  terms: Terms,
  input: (request: R) => ConditionInput,
): ((request: R) => boolean) | undefined {
  const where = terms.where === undefined ? undefined : conditionOf(terms.where);
  return where === undefined ? undefined : (request) => where(input(request)) !== false;
}

/** Contracts are checked before they are compiled; one that is not never holds, and as a deny always does. */
function conditionOf(text: string): (input: ConditionInput) => boolean | undefined {
  const parsed = parseCondition(text);
  return 'problem' in parsed ? () => undefined : compileCondition(parsed.condition);
}
