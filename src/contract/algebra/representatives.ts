/** Values that stand for all values of a dimension: for each way in which constraints can hold there is one among them. */
import type { Predicate, Scalar } from '../../model/index.js';
import { portRange } from '../compile/ports.js';
import { addressBounds } from './addresses.js';
import type { Constraint, Kind, Point } from './constraint.js';
import { filePoints } from './file-points.js';
import { type Budget, Undecided } from './budget.js';

export type Hinted = Pick<Constraint, 'kind' | 'hints' | 'literals'>;

/** Those that nobody names come first: where something is left out at all, it is most often they. */
export function* representatives(
  kind: Kind,
  hinted: readonly Hinted[],
  own: Constraint | undefined,
  budget: Budget,
): Generator<Point> {
  const hints = hinted.flatMap((one) => one.hints);
  switch (kind) {
    case 'word':
      yield* words(texts(hints));
      return;
    case 'segment':
      yield* segments(texts(hints));
      return;
    case 'value':
      yield* values(hints as Predicate[], budget);
      return;
    case 'port':
      yield* ports(texts(hints));
      return;
    case 'address':
      yield null;
      yield* addressBounds(texts(hints));
      return;
    case 'host':
      yield null;
      yield* hosts(texts(hints));
      return;
    case 'moment':
      yield* new Set(hints.filter((hint) => typeof hint === 'number').sort((one, other) => one - other));
      return;
    case 'truth':
      yield* ['true', 'false', 'unsaid'];
      return;
    case 'user':
      yield* ['none', 'present'];
      return;
    case 'access':
      yield* ['read', 'write'];
      return;
    case 'starter':
      // What started it may not be known.
      yield null;
      yield* filePoints(texts(hints), own?.needed ?? [], budget);
      return;
    case 'file':
      yield* filePoints(texts(hints), own?.needed ?? [], budget);
      return;
    default:
      kind satisfies never;
  }
}

function texts(hints: readonly unknown[]): readonly string[] {
  return [...new Set(hints.filter((hint) => typeof hint === 'string'))];
}

function* words(named: readonly string[]): Generator<string> {
  yield fresh(named, (count) => (count === 0 ? 'other' : `other-${count}`));
  yield* named;
}

/** One for each combination of types that a segment can have (`isOfType`), and the empty one. */
function* segments(named: readonly string[]): Generator<string> {
  for (const make of segmentForms) yield fresh(named, make);
  yield* named;
  if (!named.includes('')) yield '';
}

const segmentForms: readonly ((count: number) => string)[] = [
  (count) => (count === 0 ? 'other' : `other-${count}`),
  (count) => String(count + 1), // an int that is too short for a hex
  (count) => String(10_000_000 + count), // int and hex
  (count) => `abcdef${String(count).padStart(8, '0')}`, // hex alone
  (count) => `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`,
  (count) => {
    const year = String(2_000 + Math.floor(count / 336)).padStart(4, '0');
    const inYear = count % 336;
    return `${year}-${String(1 + Math.floor(inYear / 28)).padStart(2, '0')}-${String(1 + (inYear % 28)).padStart(2, '0')}`;
  },
  (count) => `other.${count}`, // of no type but opaque
];

/** What the predicates of one attribute or claim tell apart: missing, single values, texts and lists by what they contain. */
function* values(predicates: readonly Predicate[], budget: Budget): Generator<Point> {
  const named = new Set<Scalar>();
  const contained = new Set<Scalar>();
  for (const predicate of predicates) {
    if (typeof predicate !== 'object') named.add(predicate);
    else {
      for (const value of [predicate.equals, ...(predicate.in ?? []), ...(predicate.notIn ?? [])])
        if (value !== undefined) named.add(value);
      if (predicate.contains !== undefined) contained.add(predicate.contains);
    }
  }
  const strings = [...named].filter((value) => typeof value === 'string');
  yield undefined;
  for (const wanted of subsets([...contained], budget)) {
    // A word with white space is in no text: it could not be one word there.
    const words = wanted.filter((word) => typeof word === 'string' && !word.includes(' '));
    if (words.length === wanted.length) yield fresh(strings, (count) => [...words, `other${count || ''}`].join(' '));
    if (contained.size > 0) yield wanted.length === 0 ? [{}] : wanted;
  }
  yield* named;
  yield freshNumber(named);
  yield true;
  yield false;
  yield {};
}

function freshNumber(named: ReadonlySet<Scalar>): number {
  let value = 1_000_003;
  while (named.has(value)) value += 1;
  return value;
}

/** @throws Undecided for so many that not all can be tried */
function* subsets<T>(all: readonly T[], budget: Budget): Generator<readonly T[]> {
  if (all.length > 20) throw new Undecided('one claim is asked for more than 20 different words');
  for (let bits = 0; bits < 2 ** all.length; bits += 1) {
    budget.spend(1);
    yield all.filter((_, index) => (bits & (1 << index)) !== 0);
  }
}

/** Ports as one line of numbers: TCP from 1, UDP from 65537. */
export const udpFrom = 65_536;

function* ports(specs: readonly string[]): Generator<number> {
  const points = new Set<number>([1, udpFrom + 1]);
  for (const spec of specs) {
    const { protocol, first, last } = portRange(spec);
    const from = protocol === 'udp' ? udpFrom : 0;
    points.add(from + first);
    if (last < 65_535) points.add(from + last + 1);
  }
  yield* points;
}

function* hosts(patterns: readonly string[]): Generator<string> {
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  yield fresh(lower, (count) => `other${count || ''}.example`);
  for (const pattern of lower) {
    if (!pattern.startsWith('*.')) yield pattern;
    else yield fresh(lower, (count) => `other${count || ''}${pattern.slice(1)}`);
  }
}

function fresh(named: readonly string[], make: (count: number) => string): string {
  const known = new Set(named);
  for (let count = 0; ; count += 1) {
    const text = make(count);
    if (!known.has(text)) return text;
  }
}
