/** Whether boxes together take in all of another one: the search for a request that they leave out. */
import type { Box } from './box.js';
import type { Budget } from './budget.js';
import type { Constraint, Point } from './constraint.js';
import { type Hinted, representatives } from './representatives.js';

/** A request that stands for all that are treated alike, by dimension; dimensions that nobody asks about are left out. */
export type Witness = ReadonlyMap<string, Point>;

interface Group {
  readonly constraint: Constraint | undefined;
  readonly members: Box[];
}

/**
 * Requests in `box` and in none of `others`, one for each way in which they are left out that the search comes by first.
 * Exact: where it yields nothing, the others take in all of it. In each dimension the values fall into classes that no box
 * tells apart; one value of each class is tried. All have one length (`ofLength`).
 *
 * @throws Undecided when the budget is spent
 */
export function* uncovered(box: Box, others: readonly Box[], budget: Budget): Generator<Witness> {
  const asked = new Set<string>(box.dimensions.keys());
  for (const other of others) for (const name of other.dimensions.keys()) asked.add(name);
  // Where the box has one value only, most of the others fall away at once.
  const names = [...asked].sort((one, other) => breadth(box, one) - breadth(box, other));
  yield* search(box, others, names, 0, new Map(), budget);
}

function* search(
  box: Box,
  others: readonly Box[],
  names: readonly string[],
  at: number,
  chosen: Map<string, Point>,
  budget: Budget,
): Generator<Witness> {
  budget.spend(1 + others.length);
  if (others.some((other) => takesRest(other, box, names, at))) return;
  const name = names[at];
  if (name === undefined) {
    yield new Map(chosen);
    return;
  }
  const own = box.dimensions.get(name);
  const groups = groupsOf(others, name);
  const seen = new Set<string>();
  const hinted: Hinted[] = own === undefined ? [] : [own];
  for (const { constraint } of groups.values()) if (constraint !== undefined) hinted.push(constraint);
  const [first] = hinted;
  if (first === undefined) {
    yield* search(box, others, names, at + 1, chosen, budget);
    return;
  }
  const { byLiteral, tested } = indexed(groups);
  const candidates = own?.literals ?? representatives(first.kind, hinted, own, budget);
  for (const point of candidates) {
    if (own !== undefined && !own.has(point)) continue;
    const inside = [
      ...(byLiteral.get(point) ?? []),
      ...tested.filter(([, { constraint }]) => constraint === undefined || constraint.has(point)),
    ];
    budget.spend(1 + tested.length);
    const alike = inside.map(([key]) => key).join('\n');
    if (seen.has(alike)) continue;
    seen.add(alike);
    chosen.set(name, point);
    yield* search(
      box,
      inside.flatMap(([, { members }]) => members),
      names,
      at + 1,
      chosen,
      budget,
    );
    chosen.delete(name);
  }
}

/** In every dimension that is left it asks nothing, or just what the box itself asks. */
function takesRest(other: Box, box: Box, names: readonly string[], at: number): boolean {
  for (let index = at; index < names.length; index += 1) {
    const name = names[index] ?? '';
    const constraint = other.dimensions.get(name);
    if (constraint !== undefined && constraint.key !== box.dimensions.get(name)?.key) return false;
  }
  return true;
}

type Keyed = readonly [string, Group];

function groupsOf(others: readonly Box[], name: string): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const other of others) {
    const constraint = other.dimensions.get(name);
    const key = constraint?.key ?? '';
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { constraint, members: [other] });
    else known.members.push(other);
  }
  return groups;
}

function indexed(groups: ReadonlyMap<string, Group>): {
  readonly byLiteral: ReadonlyMap<Point, readonly Keyed[]>;
  readonly tested: readonly Keyed[];
} {
  const byLiteral = new Map<Point, Keyed[]>();
  const tested: Keyed[] = [];
  for (const entry of groups) {
    const literals = entry[1].constraint?.literals;
    if (literals === undefined) tested.push(entry);
    for (const literal of literals ?? []) {
      const known = byLiteral.get(literal);
      if (known === undefined) byLiteral.set(literal, [entry]);
      else known.push(entry);
    }
  }
  return { byLiteral, tested };
}

function breadth(box: Box, name: string): number {
  const constraint = box.dimensions.get(name);
  if (constraint === undefined) return 3;
  if (constraint.kind === 'file') return 4;
  return constraint.literals === undefined ? 2 : 1;
}
