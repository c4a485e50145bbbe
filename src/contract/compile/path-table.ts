/** Finds the clauses of a path: a map for literal paths, a segment trie for the rest; at each place by who asks. */
import { isOfType, type ParameterType, parameterTypes, type Segment } from './path-template.js';

/** One clause as the table keeps it; `order` is its place in the contract. */
export interface Placed<R> {
  readonly order: number;
  /** Those it takes in by name. */
  readonly names: readonly string[];
  /** Whether it takes in others as well. */
  readonly others: ((request: R) => boolean) | undefined;
  /** What else has to hold; undefined: nothing. */
  readonly holds: ((request: R) => boolean) | undefined;
}

interface Place<E> {
  readonly byName: Map<string, E[]>;
  readonly others: E[];
}

interface Node<E> {
  readonly literals: Map<string, Node<E>>;
  /** By rank of the type, narrowest first. */
  readonly parameters: (Node<E> | undefined)[];
  parameterCount: number;
  here: Place<E> | undefined;
  rest: Place<E> | undefined;
  /** Any clause at or below: something to name when nothing matches. */
  sample: E | undefined;
}

/**
 * `find` visits the places that match from the most literal to the least (segment by segment from the left: literal, then
 * narrow to wide parameter types, then `**`) and answers the first clause there, in the order of the contract, that takes
 * the request. Every node of the trie is visited at most once, so a hostile path costs at most the size of the table; at
 * one place only clauses that name the caller, or that name nobody, are looked at.
 */
export class PathTable<R, E extends Placed<R>> {
  readonly #literal = new Map<string, Place<E>>();
  readonly #root: Node<E> = node();
  readonly #nameOf: (request: R) => string | null | undefined;
  #templated = false;

  constructor(nameOf: (request: R) => string | null | undefined) {
    this.#nameOf = nameOf;
  }

  add(segments: readonly Segment[], template: string, entry: E): void {
    if (segments.every((segment) => segment.kind === 'literal')) {
      const known = this.#literal.get(template);
      const at = known ?? place<E>();
      if (known === undefined) this.#literal.set(template, at);
      keep<R, E>(at, entry);
      return;
    }
    this.#templated = true;
    let at = this.#root;
    at.sample ??= entry;
    for (const segment of segments) {
      if (segment.kind === 'rest') {
        at.rest ??= place<E>();
        keep<R, E>(at.rest, entry);
        return;
      }
      at = segment.kind === 'literal' ? literalChild(at, segment.text) : parameterChild(at, segment.type);
      at.sample ??= entry;
    }
    at.here ??= place<E>();
    keep<R, E>(at.here, entry);
  }

  find(path: string, request: R): E | undefined {
    const name = this.#nameOf(request);
    const literal = this.#literal.get(path);
    if (literal !== undefined) {
      const found = first(literal, name, request);
      if (found !== undefined) return found;
    }
    return this.#templated ? walk(this.#root, path, 1, name, request) : undefined;
  }

  /** Up to `limit` clauses whose path matches, whoever they are for; when there are none, one whose path begins like it. */
  near(path: string, limit: number): E[] {
    const found: E[] = [];
    const literal = this.#literal.get(path);
    if (literal !== undefined) sampleOf(literal, found, limit);
    if (this.#templated) gather(this.#root, path.slice(1).split('/'), 0, found, limit);
    if (found.length === 0) {
      const sample = deepest(this.#root, path.slice(1).split('/'));
      if (sample !== undefined) found.push(sample);
    }
    return found;
  }
}

/** `from` is the index after the slash that opens the next segment; one past the end plus one when none is left. */
function walk<R, E extends Placed<R>>(
  at: Node<E>,
  path: string,
  from: number,
  name: string | null | undefined,
  request: R,
): E | undefined {
  if (from > path.length) {
    const found = at.here === undefined ? undefined : first(at.here, name, request);
    return found ?? (at.rest === undefined ? undefined : first(at.rest, name, request));
  }
  const slash = path.indexOf('/', from);
  const end = slash < 0 ? path.length : slash;
  const text = path.slice(from, end);
  if (at.literals.size > 0) {
    const literal = at.literals.get(text);
    if (literal !== undefined) {
      const found = walk(literal, path, end + 1, name, request);
      if (found !== undefined) return found;
    }
  }
  for (let rank = 0; rank < at.parameterCount; rank += 1) {
    const child = at.parameters[rank];
    const type = parameterTypes[rank];
    if (child === undefined || type === undefined || !isOfType(type, text)) continue;
    const found = walk(child, path, end + 1, name, request);
    if (found !== undefined) return found;
  }
  return at.rest === undefined ? undefined : first(at.rest, name, request);
}

/** The first in the contract's order of those that name the caller and those that may take in anyone. */
function first<R, E extends Placed<R>>(at: Place<E>, name: string | null | undefined, request: R): E | undefined {
  const named = name === null || name === undefined ? undefined : at.byName.get(name);
  let found: E | undefined;
  if (named !== undefined) {
    for (let index = 0; index < named.length; index += 1) {
      const entry = named[index];
      if (entry !== undefined && (entry.holds === undefined || entry.holds(request))) {
        found = entry;
        break;
      }
    }
  }
  for (let index = 0; index < at.others.length; index += 1) {
    const entry = at.others[index];
    if (entry === undefined || (found !== undefined && entry.order > found.order)) break;
    if (entry.others?.(request) === true && (entry.holds === undefined || entry.holds(request))) return entry;
  }
  return found;
}

function gather<E>(at: Node<E>, parts: readonly string[], depth: number, found: E[], limit: number): void {
  if (found.length >= limit) return;
  const text = parts[depth];
  if (text === undefined) {
    if (at.here !== undefined) sampleOf(at.here, found, limit);
  } else {
    const literal = at.literals.get(text);
    if (literal !== undefined) gather(literal, parts, depth + 1, found, limit);
    for (let rank = 0; rank < at.parameterCount; rank += 1) {
      const child = at.parameters[rank];
      const type = parameterTypes[rank];
      if (child !== undefined && type !== undefined && isOfType(type, text))
        gather(child, parts, depth + 1, found, limit);
    }
  }
  if (at.rest !== undefined) sampleOf(at.rest, found, limit);
}

function sampleOf<E>({ byName, others }: Place<E>, found: E[], limit: number): void {
  for (const entry of others) {
    if (found.length >= limit) return;
    found.push(entry);
  }
  for (const entries of byName.values()) {
    for (const entry of entries) {
      if (found.length >= limit) return;
      if (!found.includes(entry)) found.push(entry);
    }
  }
}

function deepest<E>(root: Node<E>, parts: readonly string[]): E | undefined {
  let at = root;
  for (const text of parts) {
    const next =
      at.literals.get(text) ??
      at.parameters.find((child, rank) => child !== undefined && isOfType(parameterTypes[rank] ?? 'opaque', text));
    if (next === undefined) break;
    at = next;
  }
  return at.sample;
}

function keep<R, E extends Placed<R>>(at: Place<E>, entry: E): void {
  for (const name of entry.names) {
    const list = at.byName.get(name);
    if (list === undefined) at.byName.set(name, [entry]);
    else list.push(entry);
  }
  if (entry.others !== undefined) at.others.push(entry);
}

function literalChild<E>(at: Node<E>, text: string): Node<E> {
  const known = at.literals.get(text);
  if (known !== undefined) return known;
  const made = node<E>();
  at.literals.set(text, made);
  return made;
}

function parameterChild<E>(at: Node<E>, type: ParameterType): Node<E> {
  const rank = parameterTypes.indexOf(type);
  const known = at.parameters[rank];
  if (known !== undefined) return known;
  const made = node<E>();
  while (at.parameters.length < rank) at.parameters.push(undefined);
  at.parameters[rank] = made;
  at.parameterCount = Math.max(at.parameterCount, rank + 1);
  return made;
}

function node<E>(): Node<E> {
  return {
    literals: new Map(),
    parameters: [],
    parameterCount: 0,
    here: undefined,
    rest: undefined,
    sample: undefined,
  };
}

function place<E>(): Place<E> {
  return { byName: new Map(), others: [] };
}
