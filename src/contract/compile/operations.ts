/** Clauses about operations (method and path), in one table for each method; shared by `serves` and `calls`. */
import type { Decision } from '../../model/index.js';
import { gradeOf, type Nearest, nearestOf, type Predicate } from './nearest.js';
import { isAbout, PathTable, type Placed } from './path-table.js';
import { parseTemplate, type Segment, sharedPrefix } from './path-template.js';
import type { CompiledTerms, Circumstances } from './terms.js';

export interface OperationRequest extends Circumstances {
  readonly method: string;
  /** Canonical, without query (`canonicalPath`). */
  readonly path: string;
}

/** What a clause says of an operation; what it says of the other side only its section knows (`Sides`). */
export interface Operation<R extends OperationRequest, C> extends Placed<R> {
  readonly clause: C;
  readonly terms: CompiledTerms<R>;
  /** Made when it is first given. */
  decision: Decision | undefined;
}

interface OperationClause {
  readonly id: string;
  readonly methods: readonly string[];
  readonly path: string;
  readonly mode?: string | undefined;
}

export interface Sides<R, C> {
  readonly nameOf: (request: R) => string | null | undefined;
  /** Why a clause is not about the other side of this request. */
  readonly describe: (clause: C, request: R) => readonly Predicate[];
  /** What a refusal asks for first: the path, or the other side. */
  readonly first: 'path' | 'side';
}

/** Over so many clauses only those are looked at for the nearest that path or name lead to: a refusal stays cheap. */
const lookedAt = 24;
/** Of those that name the other side, the paths are compared then, and the one that is most like it is looked at. */
const comparedByName = 8;

interface Named<O> {
  readonly paths: string[];
  readonly operations: O[];
}

export class Operations<R extends OperationRequest, C extends OperationClause> {
  readonly #all: readonly Operation<R, C>[];
  readonly #byMethod = new Map<string, PathTable<R, Operation<R, C>>>();
  readonly #audited = new Map<string, PathTable<R, Operation<R, C>>>();
  readonly #byName = new Map<string, Named<Operation<R, C>>>();
  readonly #sides: Sides<R, C>;
  readonly #passing: (operation: Operation<R, C>) => Decision;

  constructor(operations: readonly Operation<R, C>[], sides: Sides<R, C>, passing: (clause: C) => Decision) {
    this.#all = operations;
    this.#sides = sides;
    this.#passing = (operation) => {
      operation.decision ??= passing(operation.clause);
      return operation.decision;
    };
    for (const operation of operations) {
      const { methods, path, mode } = operation.clause;
      const tables = mode === undefined ? this.#byMethod : this.#audited;
      const segments = segmentsOf(path);
      for (let index = 0; index < methods.length; index += 1) {
        const method = methods[index] ?? '';
        if (methods.indexOf(method) < index) continue;
        let table = tables.get(method);
        if (table === undefined) {
          table = new PathTable(sides.nameOf);
          tables.set(method, table);
        }
        table.add(segments, path, operation);
      }
      for (const name of operation.names) {
        const known = this.#byName.get(name);
        if (known === undefined) this.#byName.set(name, { paths: [path], operations: [operation] });
        else if (known.paths.length < comparedByName) {
          known.paths.push(path);
          known.operations.push(operation);
        }
      }
    }
  }

  /** The most literal that takes it; one that takes it whole comes before one that only lets it pass. */
  decide(request: R): Decision | undefined {
    const { method, path } = request;
    return (
      this.#byMethod.get(method)?.decide(path, request, this.#passing) ??
      (this.#audited.size === 0 ? undefined : this.#audited.get(method)?.decide(path, request, this.#passing))
    );
  }

  /**
   * "What would have let it pass": the clause that failed the fewest predicates. Those of the same method and path come first,
   * then those of the path alone: one that lacks a single predicate cannot be bettered by any that is looked at later.
   */
  nearest(request: R): Nearest {
    const { first, nameOf } = this.#sides;
    const { method, path } = request;
    const search = new Search(request, this.#sides);
    if (first === 'path') {
      for (const tables of this.#tables()) search.take(tables.get(method)?.matching(path, lookedAt));
      if (search.lacksOne) return search.result();
      for (const tables of this.#tables()) {
        for (const [other, table] of tables) if (other !== method) search.take(table.matching(path, lookedAt));
        if (search.seen > lookedAt) break;
      }
      if (search.lacksOne) return search.result();
    }
    if (this.#all.length <= lookedAt) {
      search.take(this.#all);
      return search.result();
    }
    const name = nameOf(request);
    const named = name === null || name === undefined ? undefined : this.#byName.get(name);
    if (named !== undefined) search.take(mostLike(named, path));
    if (search.lacksOne) return search.result();
    for (const tables of this.#tables()) {
      for (const table of tables.values()) {
        if (first === 'side') search.take(table.matching(path, lookedAt));
        const like = table.like(path);
        if (like !== undefined) search.take([like]);
        if (search.seen > 2 * lookedAt) break;
      }
    }
    if (search.seen === 0) search.take(this.#all.slice(0, 1));
    return search.result();
  }

  #tables(): readonly ReadonlyMap<string, PathTable<R, Operation<R, C>>>[] {
    return this.#audited.size === 0 ? [this.#byMethod] : [this.#byMethod, this.#audited];
  }
}

function mostLike<O>({ paths, operations }: Named<O>, path: string): readonly O[] {
  let best = 0;
  let most = -1;
  for (let index = 0; index < paths.length; index += 1) {
    const { count } = sharedPrefix(paths[index] ?? '', path);
    if (count <= most) continue;
    most = count;
    best = index;
  }
  return operations.slice(best, best + 1);
}

/** The nearest of the clauses that it is given, one after another; the first of equals in the order of the contract. */
class Search<R extends OperationRequest, C extends OperationClause> {
  readonly #request: R;
  readonly #sides: Sides<R, C>;
  #best: Operation<R, C> | undefined;
  #least = Number.POSITIVE_INFINITY;
  #seen = 0;

  constructor(request: R, sides: Sides<R, C>) {
    this.#request = request;
    this.#sides = sides;
  }

  get seen(): number {
    return this.#seen;
  }

  get lacksOne(): boolean {
    return this.#least < 2_048;
  }

  take(operations: readonly Operation<R, C>[] | undefined): void {
    if (operations === undefined) return;
    for (let index = 0; index < operations.length; index += 1) {
      const operation = operations[index];
      if (operation === undefined) continue;
      this.#seen += 1;
      const grade = this.#grade(operation);
      const tie = grade === this.#least && operation.order < (this.#best?.order ?? 0);
      if (grade > this.#least || (grade === this.#least && !tie)) continue;
      this.#least = grade;
      this.#best = operation;
    }
  }

  #grade(operation: Operation<R, C>): number {
    const request = this.#request;
    const { clause, terms } = operation;
    const { count, whole: path } = sharedPrefix(clause.path, request.path);
    const side = isAbout(operation, this.#sides.nameOf(request), request);
    const method = clause.methods.includes(request.method);
    const rest = terms.holds === undefined || terms.holds(request);
    const byPath = this.#sides.first === 'path';
    return gradeOf(byPath ? path : side, byPath ? side : path, method, rest, count);
  }

  result(): Nearest {
    const best = this.#best;
    const byPath = this.#sides.first === 'path';
    const fallback = byPath ? 'path' : 'callee-not-listed';
    if (best === undefined) return { reason: fallback, miss: undefined };
    const { clause, terms } = best;
    const request = this.#request;
    const failed: Predicate[] = [];
    const about = isAbout(best, this.#sides.nameOf(request), request);
    const side = about ? [] : this.#sides.describe(clause, request);
    if (!byPath) failed.push(...side);
    if (!sharedPrefix(clause.path, request.path).whole)
      failed.push({ name: 'path', reason: 'path', holds: false, wanted: clause.path, got: request.path });
    if (byPath) failed.push(...side);
    if (!clause.methods.includes(request.method)) {
      const wanted = clause.methods.join(' or ');
      failed.push({ name: 'method', reason: 'method', holds: false, wanted, got: request.method });
    }
    failed.push(...terms.describe(request));
    return nearestOf(clause.id, failed, fallback);
  }
}

/** The contract was checked before (see `compileContract`), so a template that does not parse cannot get here. */
export function segmentsOf(template: string): readonly Segment[] {
  const segments = parseTemplate(template);
  return typeof segments === 'string' ? [] : segments;
}

/** Values of a template's parameters in a path that it matches. */
export function parametersOf(segments: readonly Segment[], path: string): Readonly<Record<string, string>> {
  const parts = path.slice(1).split('/');
  const values: Record<string, string> = Object.create(null);
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (segment.kind === 'parameter' && part !== undefined) values[segment.name] = part;
  }
  return values;
}
