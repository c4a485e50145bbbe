/** Clauses about operations (method and path), in one table for each method; shared by `serves` and `calls`. */
import type { Decision } from '../../model/index.js';
import { gradeOf, type Nearest, nearestMiss, type Predicate } from './nearest.js';
import { PathTable, type Placed } from './path-table.js';
import { matchedPrefix, parseTemplate, type Segment } from './path-template.js';
import type { CompiledTerms, Circumstances } from './terms.js';

export interface OperationRequest extends Circumstances {
  readonly method: string;
  /** Canonical, without query (`canonicalPath`). */
  readonly path: string;
}

export interface Operation<R extends OperationRequest> extends Placed<R> {
  readonly id: string;
  readonly template: string;
  readonly segments: readonly Segment[];
  readonly methods: readonly string[];
  /** Whether it is about the other side of this request. */
  readonly side: (request: R) => boolean;
  /** Why not, or that it is. */
  readonly sideText: (request: R) => readonly Predicate[];
  readonly terms: CompiledTerms<R>;
  readonly decision: Decision;
  /** Its own mode lets pass what it takes in, but tells of it. */
  readonly audited: boolean;
}

/** Over so many clauses only those are looked at for the nearest that path or name lead to: a refusal stays cheap. */
const lookedAt = 96;

export class Operations<R extends OperationRequest> {
  readonly #all: readonly Operation<R>[];
  readonly #byMethod = new Map<string, PathTable<R, Operation<R>>>();
  readonly #audited = new Map<string, PathTable<R, Operation<R>>>();
  readonly #byName = new Map<string, Operation<R>[]>();
  readonly #nameOf: (request: R) => string | null | undefined;
  /** What a refusal asks for first: the path, or the other side. */
  readonly #first: 'path' | 'side';

  constructor(
    operations: readonly Operation<R>[],
    nameOf: (request: R) => string | null | undefined,
    first: 'path' | 'side',
  ) {
    this.#all = operations;
    this.#nameOf = nameOf;
    this.#first = first;
    for (const operation of operations) {
      const tables = operation.audited ? this.#audited : this.#byMethod;
      for (const method of new Set(operation.methods)) {
        let table = tables.get(method);
        if (table === undefined) {
          table = new PathTable(nameOf);
          tables.set(method, table);
        }
        table.add(operation.segments, operation.template, operation);
      }
      for (const name of operation.names) {
        const known = this.#byName.get(name);
        if (known === undefined) this.#byName.set(name, [operation]);
        else if (known.length < lookedAt) known.push(operation);
      }
    }
  }

  /** The most literal that takes it; one that takes it whole comes before one that only lets it pass. */
  find(request: R): Operation<R> | undefined {
    const found = this.#byMethod.get(request.method)?.find(request.path, request);
    return (
      found ?? (this.#audited.size === 0 ? undefined : this.#audited.get(request.method)?.find(request.path, request))
    );
  }

  nearest(request: R): Nearest {
    const parts = request.path.slice(1).split('/');
    const byPath = this.#first === 'path';
    return nearestMiss(
      this.#candidates(request),
      (operation) => {
        const prefix = matchedPrefix(operation.segments, parts);
        const path = prefix === parts.length;
        const side = operation.side(request);
        const method = operation.methods.includes(request.method);
        const terms = operation.terms.holds === undefined || operation.terms.holds(request);
        return gradeOf(byPath ? path : side, byPath ? side : path, method, terms, prefix);
      },
      (operation) => {
        const path: Predicate = {
          name: 'path',
          reason: 'path',
          holds: matchedPrefix(operation.segments, parts) === parts.length,
          wanted: operation.template,
          got: request.path,
        };
        const method: Predicate = {
          name: 'method',
          reason: 'method',
          holds: operation.methods.includes(request.method),
          wanted: operation.methods.join(' or '),
          got: request.method,
        };
        const side = operation.side(request) ? [] : operation.sideText(request);
        const rest = [method, ...operation.terms.describe(request)];
        return byPath ? [path, ...side, ...rest] : [...side, path, ...rest];
      },
      byPath ? 'path' : 'callee-not-listed',
    );
  }

  #candidates(request: R): readonly Operation<R>[] {
    if (this.#all.length <= lookedAt) return this.#all;
    const found = new Set<Operation<R>>();
    for (const tables of [this.#byMethod, this.#audited]) {
      for (const table of tables.values()) {
        for (const operation of table.near(request.path, 32)) found.add(operation);
        if (found.size >= lookedAt) break;
      }
    }
    const name = this.#nameOf(request);
    const named = name === null || name === undefined ? undefined : this.#byName.get(name);
    for (const operation of named ?? []) found.add(operation);
    return [...found].sort((one, other) => one.order - other.order);
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
