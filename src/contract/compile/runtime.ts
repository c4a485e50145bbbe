/** Decisions at the runtime layer: which programs may be started, which files opened. */
import type { ContractVersion, Decision } from '../../model/index.js';
import { type Answers, answersFor, type Denial, firmFirst } from './answers.js';
import { compareLiteralness, fileMatcher, plainPath } from './file-pattern.js';
import { gradeOf, nearestMiss, type Predicate } from './nearest.js';
import { isOver, momentOf } from './moment.js';
import { isOnFloor } from '../runtime-floor.js';

export interface ExecRequest {
  readonly path: string;
  /** The program file of the process that starts it, when known. */
  readonly parentPath?: string | undefined;
  /** Milliseconds since the epoch. Without it a clause that ends has ended. */
  readonly at?: number | undefined;
  readonly isolated?: boolean | undefined;
}

export interface FileRequest {
  readonly path: string;
  readonly access: 'read' | 'write';
  readonly at?: number | undefined;
  readonly isolated?: boolean | undefined;
}

export function compileExec(version: ContractVersion): (request: ExecRequest) => Decision {
  const answers = answersFor(version, 'runtime');
  const executables = version.contract.runtime?.executables;
  const entries = (executables ?? [])
    .map((clause) => ({
      id: clause.id,
      clause,
      matches: fileMatcher(clause.path),
      from: clause.from === undefined ? undefined : fileMatcher(clause.from),
      ...held(answers, clause),
    }))
    .sort((left, right) => byMode(left, right) || compareLiteralness(left.clause.path, right.clause.path));
  const denials = denyMatchers(version, 'executable', answers);
  const nearest = (request: ExecRequest) => {
    const path = plainPath(request.path);
    const parent = request.parentPath === undefined ? undefined : plainPath(request.parentPath);
    const holds = (entry: (typeof entries)[number]) => path !== undefined && entry.matches(path);
    return nearestMiss(
      entries,
      (entry) =>
        gradeOf(
          holds(entry),
          parentFits(entry.from, parent),
          !isOver(entry.until, request.at),
          true,
          sharedStart(entry.clause.path, request.path),
        ),
      (entry) => [
        {
          name: 'executable',
          reason: 'executable',
          holds: holds(entry),
          wanted: entry.clause.path,
          got: request.path,
        },
        {
          name: 'started by',
          reason: 'executable',
          holds: parentFits(entry.from, parent),
          wanted: entry.clause.from ?? 'anything',
          got: request.parentPath ?? 'unknown',
        },
        ended(entry, request),
      ],
      'executable',
    );
  };
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const path = plainPath(request.path);
    const parent = request.parentPath === undefined ? undefined : plainPath(request.parentPath);
    const forbidden = firstDenial(denials, path, request);
    if (forbidden !== undefined) return forbidden;
    if (executables === undefined) return answers.unmanaged;
    if (path !== undefined) {
      for (const entry of entries) {
        if (entry.matches(path) && parentFits(entry.from, parent) && !isOver(entry.until, request.at))
          return entry.decision;
      }
    }
    return answers.refuse(nearest, request);
  };
}

export function compileFile(version: ContractVersion): (request: FileRequest) => Decision {
  const answers = answersFor(version, 'runtime');
  const files = version.contract.runtime?.files;
  const entries = (files ?? [])
    .map((clause) => ({
      id: clause.id,
      clause,
      matches: fileMatcher(clause.path),
      ...held(answers, clause),
    }))
    .sort((left, right) => byMode(left, right) || compareLiteralness(left.clause.path, right.clause.path));
  const isPlain = ({ clause }: (typeof entries)[number]) =>
    !clause.path.includes('*') && clause.until === undefined && clause.mode === undefined;
  const exact = new Map<string, Decision>();
  for (const entry of entries) {
    const key = `${entry.clause.access} ${entry.clause.path}`;
    if (isPlain(entry) && !exact.has(key)) exact.set(key, entry.decision);
  }
  const others = entries.filter((entry) => !isPlain(entry));
  // Starting a program is reading it: execve(2) opens the file.
  const programs = (version.contract.runtime?.executables ?? []).map((clause) => ({
    matches: fileMatcher(clause.path),
    ...held(answers, clause),
  }));
  const floor = answers.allow('floor');
  const denials = denyMatchers(version, 'file', answers);
  const nearest = (request: FileRequest) => {
    const path = plainPath(request.path);
    const holds = (entry: (typeof entries)[number]) => path !== undefined && entry.matches(path);
    return nearestMiss(
      entries,
      ({ clause, matches, until }) =>
        gradeOf(
          path !== undefined && matches(path),
          clause.access === request.access,
          !isOver(until, request.at),
          true,
          sharedStart(clause.path, request.path),
        ),
      (entry) => [
        { name: 'file', reason: 'file', holds: holds(entry), wanted: entry.clause.path, got: request.path },
        {
          name: 'access',
          reason: 'file',
          holds: entry.clause.access === request.access,
          wanted: entry.clause.access,
          got: request.access,
        },
        ended(entry, request),
      ],
      'file',
    );
  };
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const path = plainPath(request.path);
    const forbidden = firstDenial(denials, path, request);
    if (forbidden !== undefined) return forbidden;
    if (files === undefined) return answers.unmanaged;
    if (path !== undefined) {
      const literal = exact.get(`${request.access} ${path}`);
      if (literal !== undefined) return literal;
      for (const { clause, matches, until, decision } of others) {
        if (clause.access === request.access && matches(path) && !isOver(until, request.at)) return decision;
      }
      if (request.access === 'read') {
        for (const { matches, until, decision } of programs) {
          if (matches(path) && !isOver(until, request.at)) return decision;
        }
      }
      if (isOnFloor(path, request.access)) return floor;
    }
    return answers.refuse(nearest, request);
  };
}

/** A program that must be started by another one: when the starter is not known, the clause does not apply. */
function parentFits(from: ((path: string) => boolean) | undefined, parent: string | undefined): boolean {
  return from === undefined || (parent !== undefined && from(parent));
}

interface DeniedFile extends Denial {
  readonly matches: (path: string) => boolean;
}

function denyMatchers(version: ContractVersion, what: 'executable' | 'file', answers: Answers): readonly DeniedFile[] {
  return (version.contract.deny ?? [])
    .flatMap((clause) => {
      const pattern = clause.layer === 'runtime' ? clause[what] : undefined;
      if (pattern === undefined) return [];
      const matches = fileMatcher(pattern);
      return answers.denials(clause).map((denial) => ({ ...denial, matches }));
    })
    .sort(firmFirst);
}

/** A path that cannot be resolved is taken to be the denied one (a deny fails closed). */
function firstDenial(
  denials: readonly DeniedFile[],
  path: string | undefined,
  request: { readonly at?: number | undefined },
): Decision | undefined {
  for (const { matches, counts, decision } of denials) {
    if ((path === undefined || matches(path)) && (counts === undefined || counts(request))) return decision;
  }
  return undefined;
}

interface Termed {
  readonly mode?: string | undefined;
  readonly until?: string | undefined;
}

/** A clause as it is held: until when, and with which answer. */
function held(answers: Answers, clause: Termed & { readonly id: string }) {
  return {
    until: clause.until === undefined ? undefined : momentOf(clause.until),
    decision: clause.mode === undefined ? answers.allow(clause.id) : answers.audited(clause.id),
  };
}

/** Those that are held in full first. */
function byMode(one: { readonly clause: Termed }, other: { readonly clause: Termed }): number {
  return Number(one.clause.mode !== undefined) - Number(other.clause.mode !== undefined);
}

function ended(
  { clause, until }: { readonly clause: Termed; readonly until: number | undefined },
  request: { readonly at?: number | undefined },
): Predicate {
  return {
    name: 'until',
    reason: 'clause-expired',
    holds: !isOver(until, request.at),
    wanted: `before ${clause.until ?? 'never'}`,
    got: request.at === undefined ? 'no time' : new Date(request.at).toISOString(),
  };
}

/** How many folders two paths share from the root on. */
function sharedStart(pattern: string, path: string): number {
  let count = 0;
  const length = Math.min(pattern.length, path.length);
  for (let index = 0; index < length && pattern.charCodeAt(index) === path.charCodeAt(index); index += 1) {
    if (pattern.charCodeAt(index) === 0x2f) count += 1;
  }
  return count;
}
