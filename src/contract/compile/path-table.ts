/** Finds the clauses of a path: a map for literal paths, a segment trie for the rest; at each place by who asks. */
import type { Decision } from '../../model/index.js';
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

/** Clauses of one path, in the order of the contract. Only where there are many are they looked up by name. */
interface Place<E> {
  /** The single clause that stands here, when it asks for nothing but one of at most three names, and these. */
  only: E | undefined;
  one: string | undefined;
  two: string | undefined;
  three: string | undefined;
  /** Of `only`, once it was given. */
  decision: Decision | undefined;
  readonly entries: E[];
  byName: Map<string, E[]> | undefined;
  others: E[] | undefined;
}

/** So many clauses of one path are looked at one by one. */
const few = 4;

interface Node<E> {
  literals: Map<string, Node<E>> | undefined;
  /** By rank of the type, narrowest first. */
  parameters: (Node<E> | undefined)[] | undefined;
  /** The only one of them, and its type. */
  parameter: Node<E> | undefined;
  type: ParameterType | undefined;
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
    return this.#findAt(this.#literal.get(path), path, name, request);
  }

  /** What `passing` says of what is found; in a large table every object that is not looked at counts. */
  decide(path: string, request: R, passing: (entry: E) => Decision): Decision | undefined {
    const name = this.#nameOf(request);
    const literal = this.#literal.get(path);
    if (literal?.only !== undefined && isNamed(literal, name)) {
      literal.decision ??= passing(literal.only);
      return literal.decision;
    }
    const found = this.#findAt(literal, path, name, request);
    return found === undefined ? undefined : passing(found);
  }

  #findAt(literal: Place<E> | undefined, path: string, name: string | null | undefined, request: R): E | undefined {
    const found = literal === undefined ? undefined : first(literal, name, request);
    return found ?? (this.#templated ? walk(this.#root, path, 1, name, request) : undefined);
  }

  /** Up to `limit` clauses whose path matches, whoever they are for. */
  matching(path: string, limit: number): E[] {
    const found: E[] = [];
    const literal = this.#literal.get(path);
    if (literal !== undefined) sampleOf(literal, found, limit);
    if (this.#templated) gather(this.#root, path, 1, found, limit);
    return found;
  }

  /** One whose path begins like it, if there is one with a template. */
  like(path: string): E | undefined {
    return this.#templated ? deepest(this.#root, path.slice(1).split('/')) : undefined;
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
  const literal = at.literals?.get(text);
  if (literal !== undefined) {
    const found = walk(literal, path, end + 1, name, request);
    if (found !== undefined) return found;
  }
  const { parameter, parameters } = at;
  if (parameter !== undefined) {
    if (at.type !== undefined && isOfType(at.type, text)) {
      const found = walk(parameter, path, end + 1, name, request);
      if (found !== undefined) return found;
    }
  } else if (parameters !== undefined) {
    for (let rank = 0; rank < parameters.length; rank += 1) {
      const child = parameters[rank];
      const type = parameterTypes[rank];
      if (child === undefined || type === undefined || !isOfType(type, text)) continue;
      const found = walk(child, path, end + 1, name, request);
      if (found !== undefined) return found;
    }
  }
  return at.rest === undefined ? undefined : first(at.rest, name, request);
}

function isNamed<E>({ one, two, three }: Place<E>, name: string | null | undefined): boolean {
  return name !== null && name !== undefined && (one === name || two === name || three === name);
}

/** The first in the contract's order of those that name the caller and those that may take in anyone. */
function first<R, E extends Placed<R>>(at: Place<E>, name: string | null | undefined, request: R): E | undefined {
  if (at.only !== undefined) return isNamed(at, name) ? at.only : undefined;
  const { entries, byName } = at;
  if (byName === undefined) {
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry !== undefined && takes(entry, name, request)) return entry;
    }
    return undefined;
  }
  const named = name === null || name === undefined ? undefined : byName.get(name);
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
  const others = at.others ?? [];
  for (let index = 0; index < others.length; index += 1) {
    const entry = others[index];
    if (entry === undefined || (found !== undefined && entry.order > found.order)) break;
    if (entry.others?.(request) === true && (entry.holds === undefined || entry.holds(request))) return entry;
  }
  return found;
}

function takes<R>(entry: Placed<R>, name: string | null | undefined, request: R): boolean {
  return isAbout(entry, name, request) && (entry.holds === undefined || entry.holds(request));
}

/** Whether a clause takes in this caller, whatever else it asks. */
export function isAbout<R>({ names, others }: Placed<R>, name: string | null | undefined, request: R): boolean {
  for (let index = 0; index < names.length; index += 1) if (names[index] === name) return true;
  return others?.(request) === true;
}

/** As `walk`, for whoever asks. */
function gather<E>(at: Node<E>, path: string, from: number, found: E[], limit: number): void {
  if (found.length >= limit) return;
  if (from > path.length) {
    if (at.here !== undefined) sampleOf(at.here, found, limit);
  } else {
    const slash = path.indexOf('/', from);
    const end = slash < 0 ? path.length : slash;
    const text = path.slice(from, end);
    const literal = at.literals?.get(text);
    if (literal !== undefined) gather(literal, path, end + 1, found, limit);
    const { parameters } = at;
    for (let rank = 0; parameters !== undefined && rank < parameters.length; rank += 1) {
      const child = parameters[rank];
      const type = parameterTypes[rank];
      if (child !== undefined && type !== undefined && isOfType(type, text)) gather(child, path, end + 1, found, limit);
    }
  }
  if (at.rest !== undefined) sampleOf(at.rest, found, limit);
}

function sampleOf<E>({ entries }: Place<E>, found: E[], limit: number): void {
  for (let index = 0; index < entries.length && found.length < limit; index += 1) {
    const entry = entries[index];
    if (entry !== undefined) found.push(entry);
  }
}

function deepest<E>(root: Node<E>, parts: readonly string[]): E | undefined {
  let at = root;
  for (const text of parts) {
    const next =
      at.literals?.get(text) ??
      at.parameters?.find((child, rank) => child !== undefined && isOfType(parameterTypes[rank] ?? 'opaque', text));
    if (next === undefined) break;
    at = next;
  }
  return at.sample;
}

function keep<R, E extends Placed<R>>(at: Place<E>, entry: E): void {
  at.entries.push(entry);
  const { names, others, holds } = entry;
  const plain = at.entries.length === 1 && names.length <= 3 && others === undefined && holds === undefined;
  at.only = plain ? entry : undefined;
  at.decision = undefined;
  [at.one, at.two, at.three] = plain ? names : [];
  if (at.byName !== undefined) index<R, E>(at.byName, entry);
  else if (at.entries.length > few) {
    at.byName = new Map();
    for (const one of at.entries) index<R, E>(at.byName, one);
    at.others = at.entries.filter(({ others }) => others !== undefined);
    return;
  }
  if (others !== undefined) at.others?.push(entry);
}

function index<R, E extends Placed<R>>(byName: Map<string, E[]>, entry: E): void {
  for (const name of entry.names) {
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [entry]);
    else list.push(entry);
  }
}

function literalChild<E>(at: Node<E>, text: string): Node<E> {
  at.literals ??= new Map();
  const known = at.literals.get(text);
  if (known !== undefined) return known;
  const made = node<E>();
  at.literals.set(text, made);
  return made;
}

function parameterChild<E>(at: Node<E>, type: ParameterType): Node<E> {
  at.parameters ??= [];
  const rank = parameterTypes.indexOf(type);
  const known = at.parameters[rank];
  if (known !== undefined) return known;
  const made = node<E>();
  while (at.parameters.length < rank) at.parameters.push(undefined);
  at.parameters[rank] = made;
  const several = at.parameters.filter((each) => each !== undefined).length > 1;
  at.parameter = several ? undefined : made;
  at.type = several ? undefined : type;
  return made;
}

function node<E>(): Node<E> {
  return {
    literals: undefined,
    parameters: undefined,
    parameter: undefined,
    type: undefined,
    here: undefined,
    rest: undefined,
    sample: undefined,
  };
}

function place<E>(): Place<E> {
  return {
    only: undefined,
    one: undefined,
    two: undefined,
    three: undefined,
    decision: undefined,
    entries: [],
    byName: undefined,
    others: undefined,
  };
}
