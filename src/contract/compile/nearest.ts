/** "What would have let it pass": the allow clause that failed the fewest predicates. */
import { printable } from '../../base/index.js';
import type { NearestMiss, ReasonCode } from '../../model/index.js';

export interface Predicate {
  readonly name: string;
  readonly reason: ReasonCode;
  readonly holds: boolean;
  readonly wanted: string;
  readonly got: string;
}

export interface Nearest {
  readonly reason: ReasonCode;
  readonly miss: NearestMiss | undefined;
}

/**
 * `grade` looks at every clause, so it must be cheap: refused requests are what an attacker can send most of. Only the
 * nearest clause is then described. `fallback` is the reason when there is no clause at all; the first of equals wins.
 */
export function nearestMiss<E extends { readonly id: string }>(
  entries: readonly E[],
  grade: (entry: E) => number,
  describe: (entry: E) => readonly Predicate[],
  fallback: ReasonCode,
): Nearest {
  let best: E | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const value = grade(entry);
    if (value >= least) continue;
    least = value;
    best = entry;
  }
  return best === undefined ? { reason: fallback, miss: undefined } : nearestOf(best.id, describe(best), fallback);
}

/** A clause with what failed of it, and the reason that follows. */
export function nearestOf(clause: string, described: readonly Predicate[], fallback: ReasonCode): Nearest {
  let reason: ReasonCode | undefined;
  const failed: { predicate: string; wanted: string; got: string }[] = [];
  for (const predicate of described) {
    if (predicate.holds) continue;
    reason ??= predicate.reason;
    failed.push({
      predicate: predicate.name,
      wanted: printable(predicate.wanted, 256),
      got: printable(predicate.got, 256),
    });
  }
  return { reason: reason ?? fallback, miss: { clause, failed } };
}

/**
 * Less is nearer: fewer failures first; among equals holding an earlier predicate (they are given most telling first);
 * then the closeness, of which 63 and more count the same.
 */
export function gradeOf(first: boolean, second: boolean, third: boolean, fourth: boolean, closeness: number): number {
  const failures = (first ? 0 : 1) + (second ? 0 : 1) + (third ? 0 : 1) + (fourth ? 0 : 1);
  const order = (first ? 0 : 8) + (second ? 0 : 4) + (third ? 0 : 2) + (fourth ? 0 : 1);
  return failures * 1_024 + order * 64 + 63 - Math.min(63, closeness);
}
