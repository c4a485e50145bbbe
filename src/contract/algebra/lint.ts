/** Clauses that say less than they seem to: dead, shadowed, half-open, cut by a bound. */
import type { Contract } from '../../model/index.js';
import type { ContractSet, SetMember } from '../ask/contract-set.js';
import { meetBoxes, ofLength, lengthsOf } from './box.js';
import { Budget, Undecided } from './budget.js';
import { Overlap } from './overlap.js';
import { leftOut, regionOf, throughClause, throughClauseAlone } from './region.js';
import { layerOf, requestOf } from './request.js';
import { allowsOf, everything, type RightSection, sections, type Source } from './sections.js';
import { uncovered } from './uncovered.js';

export interface ClauseFinding {
  readonly service: string;
  readonly section: RightSection;
  readonly clause: string;
  /**
   * `dead`: nothing passes through it. `shadowed`: all that it allows is allowed by other clauses as well. `half-open`: the
   * other side's contract allows none of it. `bound`: a part of it is outside a bound, and does not pass.
   */
  readonly kind: 'dead' | 'shadowed' | 'half-open' | 'bound';
  readonly message: string;
}

/** @param counts which clauses are looked at; all when left out. `now` in milliseconds since the epoch. */
export function lintContracts(
  set: ContractSet,
  now: number,
  counts: (service: string, section: RightSection, clause: string) => boolean = () => true,
): readonly ClauseFinding[] {
  return set.services.flatMap((service) => {
    const member = set.member(service);
    if (member === undefined) return [];
    return sections.flatMap((section) => [
      ...ofSection(member, section, now, (clause) => counts(service, section, clause)),
      ...(section === 'calls' ? halfOpen(set, member, (clause) => counts(service, section, clause)) : []),
    ]);
  });
}

function* ofSection(
  member: SetMember,
  section: RightSection,
  now: number,
  counts: (clause: string) => boolean,
): Generator<ClauseFinding> {
  const { resolved, bounds } = member;
  const own = allowsOf(resolved, section)?.filter(isOwn);
  if (own === undefined || own.length === 0) return;
  const region = regionOf(resolved, bounds, section);
  const unbounded = regionOf(resolved, [], section);
  const finding = (source: Source, kind: ClauseFinding['kind'], message: string): ClauseFinding => ({
    service: resolved.service,
    section,
    clause: source.clause,
    kind,
    message: `${layerOf[section]}: ${message}`,
  });
  const overlap = new Overlap(own);
  const gone = new Set<string>();
  const audited = auditedIn(resolved);
  // From the last on: of two that say the same, the later one is the one too many.
  for (const source of own.toReversed()) {
    if (!counts(source.clause)) continue;
    if (none(() => throughClause(region, source, now, new Budget()))) {
      gone.add(source.clause);
      const why = none(() => throughClause(unbounded, source, now, new Budget()))
        ? 'a deny forbids all of it, it has ended, or it asks for what cannot be'
        : 'all of it is outside a bound';
      yield finding(source, 'dead', `nothing passes through it: ${why}`);
      continue;
    }
    for (const bound of bounds) {
      const example = firstOf(() =>
        leftOut(unbounded, source, regionOf(resolved, [bound], section), now, new Budget()),
      );
      if (example === undefined) continue;
      const { example: shown } = requestOf(section, resolved.service, example, now);
      yield finding(source, 'bound', `a part of it is outside the bound \`${bound.name}\`: ${shown.text}`);
      break;
    }
    const others = (clause: string) =>
      clause !== source.clause && !gone.has(clause) && (!audited.has(clause) || audited.has(source.clause));
    if (none(() => throughClauseAlone(region, source, overlap, others, now, new Budget()))) {
      gone.add(source.clause);
      yield finding(source, 'shadowed', 'all that it allows is allowed by other clauses as well');
    }
  }
}

/** Only what is written as a clause of its own: what follows from others is theirs. */
function isOwn({ key }: Source): boolean {
  return !key.startsWith('program ');
}

function auditedIn({ runtime, network, api }: Contract): ReadonlySet<string> {
  const all = [
    ...(runtime?.executables ?? []),
    ...(runtime?.files ?? []),
    ...(network?.ingress ?? []),
    ...(network?.egress ?? []),
    ...(api?.serves ?? []),
    ...(api?.calls ?? []),
    ...(api?.messages?.publish ?? []),
    ...(api?.messages?.subscribe ?? []),
  ];
  return new Set(all.filter(({ mode }) => mode !== undefined).map(({ id }) => id));
}

/** Calls to a service of the set, none of which it serves. */
function* halfOpen(
  set: ContractSet,
  { resolved }: SetMember,
  counts: (clause: string) => boolean,
): Generator<ClauseFinding> {
  for (const { id, to, methods, path } of resolved.api?.calls ?? []) {
    if (!('service' in to) || !counts(id)) continue;
    const callee = set.member(to.service);
    if (callee === undefined || callee.resolved.api?.serves === undefined) continue;
    const request: Contract = {
      apiVersion: 'tricordon/v1',
      kind: 'Contract',
      service: to.service,
      mode: callee.resolved.mode,
      api: { serves: [{ id, methods, path, from: [{ service: resolved.service }] }] },
    };
    const served = regionOf(callee.resolved, callee.bounds, 'serves');
    if (!overlaps(request, callee.resolved, served.denials))
      yield {
        service: resolved.service,
        section: 'calls',
        clause: id,
        kind: 'half-open',
        message: `api: ${to.service} serves none of it to ${resolved.service}`,
      };
  }
}

function overlaps(request: Contract, callee: Contract, denials: readonly Source[]): boolean {
  const [source] = allowsOf(request, 'serves') ?? [];
  const sources = allowsOf(callee, 'serves') ?? [];
  const overlap = new Overlap(sources);
  const budget = new Budget();
  try {
    for (const whole of source?.boxes() ?? []) {
      const beside = overlap.beside(whole);
      for (const length of lengthsOf(whole, beside)) {
        const [domain] = everything('serves').flatMap((box) => ofLength(box, length) ?? []);
        const one = ofLength(whole, length);
        if (one === undefined || domain === undefined) continue;
        const avoided = denials.flatMap((denial) => denial.boxes()).flatMap((box) => ofLength(box, length) ?? []);
        for (const box of beside) {
          const other = ofLength(box, length);
          if (other === undefined) continue;
          const both = meetBoxes(meetBoxes(one, domain), other);
          if (!uncovered(both, avoided, budget).next().done) return true;
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    return true;
  }
  return false;
}

/** Nothing is said of what could not be found out. */
function none<T>(search: () => Generator<T>): boolean {
  try {
    return search().next().done === true;
  } catch (error) {
    if (error instanceof Undecided) return false;
    throw error;
  }
}

function firstOf<T>(search: () => Generator<T>): T | undefined {
  try {
    const { value, done } = search().next();
    return done === true ? undefined : value;
  } catch (error) {
    if (error instanceof Undecided) return undefined;
    throw error;
  }
}
