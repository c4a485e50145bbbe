/** What a clause asks of one dimension of a request: a set of values that can be tested, and what it tells apart. */
import type { Value } from '../../model/index.js';

/** A value in one dimension; null is "none" (no user, no name dialled), undefined a value that is missing. */
export type Point = Value | undefined;

/** Which values there are in a dimension, and how one that nobody names is found (`representatives.ts`). */
export type Kind =
  | 'word'
  | 'segment'
  | 'value'
  | 'port'
  | 'address'
  | 'host'
  | 'moment'
  | 'truth'
  | 'user'
  | 'access'
  | 'file'
  | 'starter';

export interface Constraint {
  readonly kind: Kind;
  /** The same for constraints that hold for the same values. */
  readonly key: string;
  /** Given: these and no others. */
  readonly literals?: ReadonlySet<Point> | undefined;
  readonly has: (point: Point) => boolean;
  /** Values, patterns or predicates at which it begins or ends to hold, as its kind reads them. */
  readonly hints: readonly unknown[];
  /** Of file patterns: those without which it never holds. */
  readonly needed?: readonly string[] | undefined;
}

export function oneOf(kind: Kind, points: readonly Point[]): Constraint {
  const literals = new Set(points);
  return {
    kind,
    key: JSON.stringify([...literals].map((point) => point ?? null).sort()),
    literals,
    has: (point) => literals.has(point),
    hints: points,
  };
}

/** What both hold for. */
export function meet(one: Constraint | undefined, other: Constraint | undefined): Constraint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.key === other.key) return one;
  const [narrow, wide] = one.literals === undefined ? [other, one] : [one, other];
  if (narrow.literals !== undefined) return oneOf(narrow.kind, [...narrow.literals].filter(wide.has));
  return {
    kind: one.kind,
    key: [one.key, other.key].sort().join(' and '),
    has: (point) => one.has(point) && other.has(point),
    hints: [...one.hints, ...other.hints],
    needed: [...(one.needed ?? []), ...(other.needed ?? [])],
  };
}
