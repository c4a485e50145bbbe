/** A set of requests as one constraint for each dimension: what one clause takes in, for one of its peers. */
import { type Constraint, meet } from './constraint.js';

/** Words from the left, of a path or a topic; `more`: how many others may follow at least, if any may. */
export interface Words {
  readonly words: readonly (Constraint | undefined)[];
  readonly more: number | undefined;
  /** What every word asks that is not the last one. */
  readonly inner?: Constraint | undefined;
}

export interface Box {
  /** The clause it comes from; `-`: no clause stands for it. */
  readonly clause: string;
  /** By name; a dimension that is not here takes any value. */
  readonly dimensions: ReadonlyMap<string, Constraint>;
  /** undefined: this kind of request has no path, or any path will do. */
  readonly words?: Words | undefined;
  /** Boxes with different ones have nothing in common. */
  readonly exact?: string | undefined;
}

/** How a dimension of the word at `index` is called. */
export function wordName(index: number): string {
  return `word ${index}`;
}

/** The same box for paths of so many words, its words being dimensions as others are; undefined: it has none so long. */
export function ofLength(box: Box, length: number): Box | undefined {
  const { words, clause, exact } = box;
  if (words === undefined) return box;
  const own = words.words.length;
  if (words.more === undefined ? own !== length : own + words.more > length) return undefined;
  const dimensions = new Map(box.dimensions);
  for (let index = 0; index < length; index += 1) {
    const word = words.words[index] ?? (index < length - 1 ? words.inner : undefined);
    if (word !== undefined) dimensions.set(wordName(index), word);
  }
  return { clause, dimensions, exact };
}

/** What both take in; their words are of one length already. */
export function meetBoxes(one: Box, other: Box): Box {
  const dimensions = new Map(one.dimensions);
  for (const [name, constraint] of other.dimensions) {
    const both = meet(one.dimensions.get(name), constraint);
    if (both !== undefined) dimensions.set(name, both);
  }
  return { clause: one.clause, dimensions, exact: one.exact ?? other.exact };
}

/**
 * Lengths at which something can differ among these boxes for paths that `box` takes in: each that some box names, and one
 * beyond the longest, which stands for all that are longer.
 */
export function lengthsOf(box: Box, others: readonly Box[]): readonly number[] {
  const { words } = box;
  if (words === undefined && others.every((other) => other.words === undefined)) return [0];
  const least = Math.max(1, (words?.words.length ?? 0) + (words?.more ?? 0));
  if (words !== undefined && words.more === undefined) return [least];
  const longest = Math.max(
    least,
    ...others.map((other) => (other.words?.words.length ?? 0) + Math.max(0, (other.words?.more ?? 1) - 1)),
  );
  return Array.from({ length: longest - least + 2 }, (_, index) => least + index);
}
