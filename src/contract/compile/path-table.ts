/** Finds the clauses of a method and path: a map for literal paths, a segment trie for the rest. */
import { isOfType, type ParameterType, parameterTypes, type Segment } from './path-template.js';

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  /** By rank of the type, narrowest first. */
  readonly parameters: (Node<T> | undefined)[];
  readonly here: T[];
  readonly rest: T[];
}

/**
 * Entries by path template. `find` visits matches from the most literal to the least (segment by segment from the
 * left: literal, then narrow to wide parameter types, then `**`) and stops at the first that `accept` takes. Every
 * trie node is visited at most once, so a hostile path costs at most the size of the table.
 */
export class PathTable<T> {
  readonly #literal = new Map<string, T[]>();
  readonly #root: Node<T> = node();
  #templated = false;

  add(segments: readonly Segment[], template: string, entry: T): void {
    if (segments.every((segment) => segment.kind === 'literal')) {
      const list = this.#literal.get(template);
      if (list === undefined) this.#literal.set(template, [entry]);
      else list.push(entry);
      return;
    }
    this.#templated = true;
    let at = this.#root;
    for (const segment of segments) {
      if (segment.kind === 'rest') {
        at.rest.push(entry);
        return;
      }
      at = segment.kind === 'literal' ? literalChild(at, segment.text) : parameterChild(at, segment.type);
    }
    at.here.push(entry);
  }

  find<C>(path: string, accept: (entry: T, context: C) => boolean, context: C): T | undefined {
    const literal = this.#literal.get(path);
    if (literal !== undefined) {
      const found = first(literal, accept, context);
      if (found !== undefined) return found;
    }
    return this.#templated ? walk(this.#root, path, 1, accept, context) : undefined;
  }
}

/** `from` is the index after the slash that opens the next segment; one past the end plus one when none is left. */
function walk<T, C>(
  at: Node<T>,
  path: string,
  from: number,
  accept: (entry: T, context: C) => boolean,
  context: C,
): T | undefined {
  if (from > path.length) {
    return first(at.here, accept, context) ?? first(at.rest, accept, context);
  }
  const slash = path.indexOf('/', from);
  const end = slash < 0 ? path.length : slash;
  const text = path.slice(from, end);
  const literal = at.literals.get(text);
  if (literal !== undefined) {
    const found = walk(literal, path, end + 1, accept, context);
    if (found !== undefined) return found;
  }
  for (let rank = 0; rank < at.parameters.length; rank += 1) {
    const child = at.parameters[rank];
    const type = parameterTypes[rank];
    if (child === undefined || type === undefined || !isOfType(type, text)) continue;
    const found = walk(child, path, end + 1, accept, context);
    if (found !== undefined) return found;
  }
  return first(at.rest, accept, context);
}

function first<T, C>(entries: readonly T[], accept: (entry: T, context: C) => boolean, context: C): T | undefined {
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry !== undefined && accept(entry, context)) return entry;
  }
  return undefined;
}

function literalChild<T>(at: Node<T>, text: string): Node<T> {
  const known = at.literals.get(text);
  if (known !== undefined) return known;
  const made = node<T>();
  at.literals.set(text, made);
  return made;
}

function parameterChild<T>(at: Node<T>, type: ParameterType): Node<T> {
  const rank = parameterTypes.indexOf(type);
  const known = at.parameters[rank];
  if (known !== undefined) return known;
  const made = node<T>();
  at.parameters[rank] = made;
  return made;
}

function node<T>(): Node<T> {
  return { literals: new Map(), parameters: parameterTypes.map(() => undefined), here: [], rest: [] };
}
