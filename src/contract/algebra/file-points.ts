/**
 * Paths that stand for all paths: one for each way in which file patterns can match together. Patterns are automata over
 * segments (`**` stays where it is), the segments' own patterns automata over characters (`*` stays where it is); both are
 * walked together, state by state, each state once.
 */
import type { Budget } from './budget.js';

/** Characters that a made-up name is tried with, until one is in no pattern. */
const letters = 'xqzjkvwyubfghlmnpcdrtseaio0123456789';

/** `needed`: patterns that have to match all, the others may; the made-up names come first. */
export function* filePoints(patterns: readonly string[], needed: readonly string[], budget: Budget): Generator<string> {
  const all = patterns.map((pattern) => pattern.split('/').slice(1));
  const wanted = needed.map((pattern) => patterns.indexOf(pattern)).filter((index) => index >= 0);
  const start = all.map((segments) => closed(segments, [0]));
  const queue: { readonly path: string; readonly at: readonly (readonly number[])[] }[] = [{ path: '', at: start }];
  const known = new Set<string>([keyOf(start)]);
  const matched = new Set<string>();
  for (let index = 0; index < queue.length; index += 1) {
    const state = queue[index];
    if (state === undefined) continue;
    for (const name of namesAt(all, state.at, budget)) {
      // Only the root itself ends in an empty name.
      if (name === '' && state.path !== '') continue;
      const next = state.at.map((positions, pattern) => step(all[pattern] ?? [], positions, name));
      budget.spend(next.length);
      const path = `${state.path}/${name}`;
      const accepting = next.map((positions, pattern) => positions.includes((all[pattern] ?? []).length));
      const key = accepting.map(Number).join('');
      if (!matched.has(key) && wanted.every((pattern) => accepting[pattern] === true)) {
        matched.add(key);
        yield path;
      }
      if (name === '' || !wanted.every((pattern) => (next[pattern] ?? []).length > 0)) continue;
      const at = keyOf(next);
      if (known.has(at) || next.every((positions) => positions.length === 0)) continue;
      known.add(at);
      queue.push({ path, at: next });
    }
  }
}

/** Positions in a pattern that can be reached without another segment: a `**` may stand for none. */
function closed(segments: readonly string[], positions: readonly number[]): readonly number[] {
  const all = new Set(positions);
  for (const position of all) if (segments[position] === '**') all.add(position + 1);
  return [...all].sort((one, other) => one - other);
}

function step(segments: readonly string[], positions: readonly number[], name: string): readonly number[] {
  const next: number[] = [];
  for (const position of positions) {
    const segment = segments[position];
    if (segment === undefined) continue;
    if (segment === '**') next.push(position);
    else if (nameMatches(segment, name)) next.push(position + 1);
  }
  return closed(segments, next);
}

/** As `fileMatcher` has it: `*` for any characters, never for an empty name. */
function nameMatches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name;
  if (name === '') return false;
  let positions = closedIn(pattern, [0]);
  for (const character of name) positions = stepIn(pattern, positions, character);
  return positions.includes(pattern.length);
}

/** Names that stand for all names where these positions are: made-up ones for each way to match, and those that are written. */
function* namesAt(
  all: readonly (readonly string[])[],
  at: readonly (readonly number[])[],
  budget: Budget,
): Generator<string> {
  const written = new Set<string>();
  const patterns = new Set<string>();
  for (const [index, positions] of at.entries()) {
    for (const position of positions) {
      const segment = all[index]?.[position];
      if (segment === undefined || segment === '**') continue;
      (segment.includes('*') ? patterns : written).add(segment);
    }
  }
  yield* madeUp([...patterns], written, budget);
  yield* written;
  if (!written.has('')) yield '';
}

function* madeUp(patterns: readonly string[], written: ReadonlySet<string>, budget: Budget): Generator<string> {
  const own = [...letters].find((letter) => !patterns.some((pattern) => pattern.includes(letter))) ?? '\u2400';
  const characters = [...new Set([own, ...patterns.join('').replaceAll('*', '')])];
  const start = patterns.map((pattern) => closedIn(pattern, [0]));
  const queue: { readonly name: string; readonly at: readonly (readonly number[])[] }[] = [{ name: '', at: start }];
  const known = new Map<string, number>();
  const matched = new Set<string>();
  for (let index = 0; index < queue.length; index += 1) {
    const state = queue[index];
    if (state === undefined) continue;
    for (const character of characters) {
      const next = state.at.map((positions, pattern) => stepIn(patterns[pattern] ?? '', positions, character));
      budget.spend(1 + next.length);
      const name = state.name + character;
      const key = next
        .map((positions, pattern) => Number(positions.includes((patterns[pattern] ?? '').length)))
        .join('');
      if (!matched.has(key) && !written.has(name) && name !== '.' && name !== '..') {
        matched.add(key);
        yield name;
      }
      const place = keyOf(next);
      const times = known.get(place) ?? 0;
      // A second way to the same place: the first name there may be one that is written.
      if (times > Math.min(written.size, 3)) continue;
      known.set(place, times + 1);
      queue.push({ name, at: next });
    }
  }
}

function closedIn(pattern: string, positions: readonly number[]): readonly number[] {
  const all = new Set(positions);
  for (const position of all) if (pattern.charAt(position) === '*') all.add(position + 1);
  return [...all].sort((one, other) => one - other);
}

function stepIn(pattern: string, positions: readonly number[], character: string): readonly number[] {
  const next: number[] = [];
  for (const position of positions) {
    const wanted = pattern.charAt(position);
    if (wanted === '*') next.push(position);
    else if (wanted === character) next.push(position + 1);
  }
  return closedIn(pattern, next);
}

function keyOf(at: readonly (readonly number[])[]): string {
  return at.map((positions) => positions.join(',')).join(';');
}
