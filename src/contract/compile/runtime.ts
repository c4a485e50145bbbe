/** Decisions at the runtime layer: which programs may be started, which files opened. */
import type { ContractVersion, Decision } from '../../model/index.js';
import { answersFor } from './answers.js';
import { compareLiteralness, fileMatcher, plainPath } from './file-pattern.js';
import { gradeOf, nearestMiss } from './nearest.js';
import { isOnFloor } from '../runtime-floor.js';

export interface ExecRequest {
  readonly path: string;
  /** The program file of the process that starts it, when known. */
  readonly parentPath?: string | undefined;
  readonly isolated?: boolean | undefined;
}

export interface FileRequest {
  readonly path: string;
  readonly access: 'read' | 'write';
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
      decision: answers.allow(clause.id),
    }))
    .sort((left, right) => compareLiteralness(left.clause.path, right.clause.path));
  const denials = denyMatchers(version, 'executable', answers.denied);
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const path = plainPath(request.path);
    const parent = request.parentPath === undefined ? undefined : plainPath(request.parentPath);
    for (const deny of denials) if (path === undefined || deny.matches(path)) return deny.decision;
    if (executables === undefined) return answers.unmanaged;
    if (path !== undefined) {
      for (const entry of entries) if (entry.matches(path) && parentFits(entry.from, parent)) return entry.decision;
    }
    const holds = (entry: (typeof entries)[number]) => path !== undefined && entry.matches(path);
    const nearest = nearestMiss(
      entries,
      (entry) =>
        gradeOf(holds(entry), parentFits(entry.from, parent), true, sharedStart(entry.clause.path, request.path)),
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
      ],
      'executable',
    );
    return answers.refuse(nearest.reason, nearest.miss);
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
      decision: answers.allow(clause.id),
    }))
    .sort((left, right) => compareLiteralness(left.clause.path, right.clause.path));
  const exact = new Map<string, Decision>();
  for (const { clause, decision } of entries) {
    const key = `${clause.access} ${clause.path}`;
    if (!clause.path.includes('*') && !exact.has(key)) exact.set(key, decision);
  }
  const patterns = entries.filter(({ clause }) => clause.path.includes('*'));
  // Starting a program is reading it: execve(2) opens the file.
  const programs = (version.contract.runtime?.executables ?? []).map((clause) => ({
    matches: fileMatcher(clause.path),
    decision: answers.allow(clause.id),
  }));
  const floor = answers.allow('floor');
  const denials = denyMatchers(version, 'file', answers.denied);
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const path = plainPath(request.path);
    for (const deny of denials) if (path === undefined || deny.matches(path)) return deny.decision;
    if (files === undefined) return answers.unmanaged;
    if (path !== undefined) {
      const literal = exact.get(`${request.access} ${path}`);
      if (literal !== undefined) return literal;
      for (const { clause, matches, decision } of patterns) {
        if (clause.access === request.access && matches(path)) return decision;
      }
      if (request.access === 'read') {
        for (const { matches, decision } of programs) if (matches(path)) return decision;
      }
      if (isOnFloor(path, request.access)) return floor;
    }
    const holds = (entry: (typeof entries)[number]) => path !== undefined && entry.matches(path);
    const nearest = nearestMiss(
      entries,
      ({ clause, matches }) =>
        gradeOf(
          path !== undefined && matches(path),
          clause.access === request.access,
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
      ],
      'file',
    );
    return answers.refuse(nearest.reason, nearest.miss);
  };
}

/** A program that must be started by another one: when the starter is not known, the clause does not apply. */
function parentFits(from: ((path: string) => boolean) | undefined, parent: string | undefined): boolean {
  return from === undefined || (parent !== undefined && from(parent));
}

/** A path that cannot be resolved is taken to be the denied one (a deny fails closed). */
function denyMatchers(
  version: ContractVersion,
  what: 'executable' | 'file',
  denied: (clause: string) => Decision,
): readonly { readonly matches: (path: string) => boolean; readonly decision: Decision }[] {
  return (version.contract.deny ?? []).flatMap((clause) => {
    const pattern = clause.layer === 'runtime' ? clause[what] : undefined;
    return pattern === undefined ? [] : [{ matches: fileMatcher(pattern), decision: denied(clause.id) }];
  });
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
