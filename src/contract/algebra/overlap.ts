/** Finds the clauses that may have something in common with a box, without looking at all of them. */
import type { Box } from './box.js';
import type { Constraint } from './constraint.js';
import type { Source } from './sections.js';

interface Node {
  readonly literals: Map<string, Node>;
  /** Parameters and everything else that is no literal. */
  readonly others: Node[];
  readonly here: Source[];
  /** Sources whose path goes on from here in any way. */
  readonly rest: Source[];
}

/** Boxes of a section's clauses; each clause is taken apart when it is first found. */
export class Overlap {
  readonly #root = node();
  readonly #loose: Source[] = [];
  readonly #boxes = new Map<Source, readonly Box[]>();
  readonly #exact = new Map<string, Box[]>();
  readonly #broad: Box[] = [];

  constructor(sources: readonly Source[]) {
    for (const source of sources) {
      if (source.path !== undefined) this.#place(source, source.path);
      else this.#loose.push(source);
    }
    for (const source of this.#loose) {
      for (const box of source.boxes()) {
        const known = box.exact === undefined ? this.#broad : this.#exact.get(box.exact);
        if (known === undefined) this.#exact.set(box.exact ?? '', [box]);
        else known.push(box);
      }
    }
  }

  /** A superset of the boxes that have something in common with it. */
  beside(box: Box): readonly Box[] {
    if (this.#loose.length > 0) {
      if (box.exact !== undefined) return [...(this.#exact.get(box.exact) ?? []), ...this.#broad];
      return [...[...this.#exact.values()].flat(), ...this.#broad];
    }
    const found: Source[] = [];
    const { words } = box;
    walk(this.#root, words?.words ?? [], 0, words === undefined || words.more !== undefined, found);
    return found.flatMap((source) => this.#boxesOf(source));
  }

  #boxesOf(source: Source): readonly Box[] {
    const known = this.#boxes.get(source);
    if (known !== undefined) return known;
    const made = source.boxes();
    this.#boxes.set(source, made);
    return made;
  }

  #place(source: Source, path: string): void {
    let at = this.#root;
    for (const part of path.slice(1).split('/')) {
      if (part === '**') {
        at.rest.push(source);
        return;
      }
      if (part.startsWith('{')) {
        const next = at.others[0] ?? node();
        if (at.others.length === 0) at.others.push(next);
        at = next;
        continue;
      }
      let next = at.literals.get(part);
      if (next === undefined) {
        next = node();
        at.literals.set(part, next);
      }
      at = next;
    }
    at.here.push(source);
  }
}

function node(): Node {
  return { literals: new Map(), others: [], here: [], rest: [] };
}

function walk(
  at: Node,
  words: readonly (Constraint | undefined)[],
  index: number,
  more: boolean,
  found: Source[],
): void {
  found.push(...at.rest);
  if (index >= words.length) {
    found.push(...at.here);
    if (!more) return;
  }
  const word = index < words.length ? words[index] : undefined;
  const literals = word?.literals;
  if (literals === undefined) {
    for (const [text, next] of at.literals)
      if (word === undefined || word.has(text)) walk(next, words, index + 1, more, found);
  } else {
    for (const text of literals) {
      const next = typeof text === 'string' ? at.literals.get(text) : undefined;
      if (next !== undefined) walk(next, words, index + 1, more, found);
    }
  }
  for (const next of at.others) walk(next, words, index + 1, more, found);
}
