/** Decisions at the API layer: who may call us (`serves`) and what we may call (`calls`). */
import type { ContractVersion, Decision } from '../../model/index.js';
import { answersFor } from './answers.js';
import { gradeOf, type Nearest, nearestMiss } from './nearest.js';
import { PathTable } from './path-table.js';
import { matchedPrefix, parseTemplate, type Segment } from './path-template.js';
import { callerMatcher, callerText, type Destination, destinationMatcher, destinationText, peerText } from './peers.js';

export interface ServeRequest {
  /** SPIFFE ID that was proved in the handshake; null when none was. */
  readonly caller: string | null;
  /** The service that identity belongs to; `gateway` for the public; null when it is no service. */
  readonly callerService: string | null;
  readonly method: string;
  /** Canonical, without query (`canonicalPath`). */
  readonly path: string;
  /** One of the two sides is cut off by containment. */
  readonly isolated?: boolean | undefined;
}

export interface CallRequest {
  readonly peerService?: string | undefined;
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly isolated?: boolean | undefined;
}

interface Entry<S> {
  readonly id: string;
  readonly template: string;
  readonly segments: readonly Segment[];
  readonly methods: readonly string[];
  readonly side: (subject: S) => boolean;
  readonly sideText: string;
  readonly decision: Decision;
}

export function compileServes(version: ContractVersion): (request: ServeRequest) => Decision {
  const answers = answersFor(version, 'api');
  const deny = denials(version);
  const serves = version.contract.api?.serves;
  const entries = (serves ?? []).map(
    (clause): Entry<string | null> => ({
      id: clause.id,
      template: clause.path,
      segments: segmentsOf(clause.path),
      methods: clause.methods,
      side: callerMatcher(clause.from),
      sideText: clause.from.map(peerText).join(' or '),
      decision: answers.allow(clause.id, clause.path),
    }),
  );
  const tables = tablesOf(entries);
  return (request) => {
    if (request.caller === null) return answers.noIdentity;
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const denied = deny(request.method, request.path, request.callerService);
    if (denied !== undefined) return denied;
    if (serves === undefined) return answers.unmanaged;
    const found = tables.get(request.method)?.find(request.path, admits, request.callerService);
    if (found !== undefined) return found.decision;
    const nearest = nearestOf(entries, request, request.callerService, 'caller', callerText);
    return answers.refuse(nearest.reason, nearest.miss);
  };
}

export function compileCalls(version: ContractVersion): (request: CallRequest) => Decision {
  const answers = answersFor(version, 'api');
  const calls = version.contract.api?.calls;
  const entries = (calls ?? []).map(
    (clause): Entry<Destination> => ({
      id: clause.id,
      template: clause.path,
      segments: segmentsOf(clause.path),
      methods: clause.methods,
      side: destinationMatcher(clause.to),
      sideText: peerText(clause.to),
      decision: answers.allow(clause.id, clause.path),
    }),
  );
  const tables = tablesOf(entries);
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    if (calls === undefined) return answers.unmanaged;
    const to: Destination = { service: request.peerService, host: request.host, address: request.address };
    const found = tables.get(request.method)?.find(request.path, admits, to);
    if (found !== undefined) return found.decision;
    const nearest = nearestOf(entries, request, to, 'callee', destinationText);
    return answers.refuse(nearest.reason, nearest.miss);
  };
}

/** Explicit denies of the API layer are about requests to us; without methods or callers they mean all of them. */
function denials(
  version: ContractVersion,
): (method: string, path: string, callerService: string | null) => Decision | undefined {
  const answers = answersFor(version, 'api');
  const table = new PathTable<{
    readonly methods: readonly string[] | undefined;
    readonly side: (service: string | null) => boolean;
    readonly decision: Decision;
  }>();
  let some = false;
  for (const clause of version.contract.deny ?? []) {
    if (clause.layer !== 'api') continue;
    some = true;
    table.add(segmentsOf(clause.path), clause.path, {
      methods: clause.methods,
      side: clause.from === undefined ? () => true : callerMatcher(clause.from),
      decision: answers.denied(clause.id, clause.path),
    });
  }
  if (!some) return () => undefined;
  return (method, path, callerService) =>
    table.find(
      path,
      (entry, service) => (entry.methods === undefined || entry.methods.includes(method)) && entry.side(service),
      callerService,
    )?.decision;
}

/** A caller is asked for the path first, a callee for who it is first: that is what the reason then names. */
function nearestOf<S>(
  entries: readonly Entry<S>[],
  request: { readonly method: string; readonly path: string },
  subject: S,
  side: 'caller' | 'callee',
  text: (subject: S) => string,
): Nearest {
  const parts = request.path.slice(1).split('/');
  const grade = (entry: Entry<S>) => {
    const prefix = matchedPrefix(entry.segments, parts);
    const path = prefix === parts.length;
    const who = entry.side(subject);
    return gradeOf(side === 'caller' ? path : who, side === 'caller' ? who : path, hasMethod(entry, request), prefix);
  };
  const describe = (entry: Entry<S>) => {
    const path = {
      name: 'path',
      reason: 'path',
      holds: matchedPrefix(entry.segments, parts) === parts.length,
      wanted: entry.template,
      got: request.path,
    } as const;
    const who = {
      name: side,
      reason: side === 'caller' ? 'caller-not-listed' : 'callee-not-listed',
      holds: entry.side(subject),
      wanted: entry.sideText,
      got: text(subject),
    } as const;
    const method = {
      name: 'method',
      reason: 'method',
      holds: hasMethod(entry, request),
      wanted: entry.methods.join(' or '),
      got: request.method,
    } as const;
    return side === 'caller' ? [path, who, method] : [who, path, method];
  };
  return nearestMiss(entries, grade, describe, side === 'caller' ? 'path' : 'callee-not-listed');
}

function hasMethod(entry: { readonly methods: readonly string[] }, request: { readonly method: string }): boolean {
  return entry.methods.includes(request.method);
}

function tablesOf<S>(entries: readonly Entry<S>[]): ReadonlyMap<string, PathTable<Entry<S>>> {
  const tables = new Map<string, PathTable<Entry<S>>>();
  for (const entry of entries) {
    for (const method of new Set(entry.methods)) {
      const table = tables.get(method) ?? new PathTable<Entry<S>>();
      tables.set(method, table);
      table.add(entry.segments, entry.template, entry);
    }
  }
  return tables;
}

function admits<S>(entry: Entry<S>, subject: S): boolean {
  return entry.side(subject);
}

/** The contract was checked before (see `compileContract`), so a template that does not parse cannot get here. */
function segmentsOf(template: string): readonly Segment[] {
  const segments = parseTemplate(template);
  return typeof segments === 'string' ? [] : segments;
}
