/**
 * A contract as it would be read if everything that was not kept spoke against a request, and if it spoke for it. Where both
 * give one answer, that is the answer whatever the missing facts were; more allows never refuse, more denies never allow.
 */
import type { Bound, Contract, Deny, Peer, Selector, User } from '../../model/index.js';
import { namesIn, parseCondition } from '../condition/index.js';

/** Of a caller's attributes, those that its identity alone says. */
const ofIdentity: ReadonlySet<string> = new Set(['id', 'service', 'trust-domain']);
/** What a condition may ask of a request and still be judged. */
const ofRequest: ReadonlySet<string> = new Set(['request.method', 'request.path']);

/** What a record holds beside who called what. */
export interface Kept {
  /** Of the caller, beside what its identity says: all of them (what is not there was not proved), or these. */
  readonly attributes: 'all' | readonly string[];
  /** Of the user. */
  readonly claims: readonly string[];
}

export const nothingKept: Kept = { attributes: [], claims: [] };

/** `against`: clauses that need what was not kept do not allow, and always deny. `for`: the other way round. */
export type Reading = 'against' | 'for';

/** Undefined: nothing in it needs more than what is kept, so it is its own reading. */
export function readingOf<D extends Contract | Bound>(
  document: D,
  reading: Reading,
  kept: Kept = nothingKept,
): D | undefined {
  const { runtime, network, api, deny } = document;
  let changed = false;
  const take = <C>(clauses: readonly C[] | undefined, eased: (clause: C) => C | undefined): C[] | undefined =>
    clauses?.flatMap((clause) => {
      const easy = eased(clause);
      if (easy === clause) return [clause];
      changed = true;
      return reading === 'for' && easy !== undefined ? [easy] : [];
    });
  const executables = take(runtime?.executables, (clause) => without(clause, 'from'));
  const ingress = take(network?.ingress, (clause) => plain(clause, 'from', (peer) => callerEased(peer, kept), kept));
  const egress = take(network?.egress, (clause) => plain(clause, 'to', destinationEased, kept));
  const calls = take(api?.calls, (clause) => plain(clause, 'to', destinationEased, kept));
  const serves = api?.serves?.flatMap((clause) => {
    const rest = withoutTerms(clause, kept);
    const from = clause.from.flatMap((peer) => {
      const eased = callerEased(peer, kept);
      return eased === peer || reading === 'for' ? [eased] : [];
    });
    if (
      rest === clause &&
      from.every((peer, index) => peer === clause.from[index]) &&
      from.length === clause.from.length
    )
      return [clause];
    changed = true;
    if (reading === 'against' && (rest !== clause || from.length === 0)) return [];
    return [{ ...rest, from }];
  });
  const denies = deny?.flatMap((clause) => {
    const eased = deniedEased(clause, kept);
    if (eased === clause) return [clause];
    changed = true;
    return reading === 'against' ? [eased] : [];
  });
  if (!changed) return undefined;
  return {
    ...document,
    ...(runtime === undefined ? {} : { runtime: { ...runtime, ...defined({ executables }) } }),
    ...(network === undefined ? {} : { network: { ...network, ...defined({ ingress, egress }) } }),
    ...(api === undefined ? {} : { api: { ...api, ...defined({ serves, calls }) } }),
    ...defined({ deny: denies }),
  };
}

function plain<
  K extends 'from' | 'to',
  C extends { readonly [key in K]: Peer } & { readonly where?: string | undefined },
>(clause: C, side: K, eased: (peer: Peer) => Peer, kept: Kept): C {
  const rest = withoutTerms(clause, kept);
  const peer = eased(clause[side]);
  return peer === clause[side] ? rest : { ...rest, [side]: peer };
}

/** The clause itself when it asks nothing that is not kept. */
function withoutTerms<C extends { readonly where?: string | undefined; readonly user?: User | undefined }>(
  clause: C,
  kept: Kept,
): C {
  const known = isKnownUser(clause.user, kept) ? clause : without(clause, 'user');
  return clause.where === undefined || isKept(clause.where, kept) ? known : without(known, 'where');
}

/** Whether there was a user at all is known only by a claim of theirs. */
function isKnownUser(user: User | undefined, { claims }: Kept): boolean {
  if (user === undefined || user === 'none') return true;
  const asked = [...(user.issuer === undefined ? [] : ['iss']), ...Object.keys(user.claims ?? {})];
  return claims.length > 0 && asked.every((name) => claims.includes(name));
}

function without<C extends object>(clause: C, name: string): C {
  if (!(name in clause) || (clause as Record<string, unknown>)[name] === undefined) return clause;
  return Object.fromEntries(Object.entries(clause).filter(([key]) => key !== name)) as C; // only optional members are left out
}

function isKept(where: string, kept: Kept): boolean {
  const parsed = parseCondition(where);
  return !('problem' in parsed) && namesIn(parsed.condition).every(isKnown);

  function isKnown(name: string): boolean {
    const [root = '', ...rest] = name.split('.');
    if (root === 'caller') return isAttributeKept(rest.join('.'), kept);
    if (root === 'user') return kept.claims.includes(rest.join('.'));
    return ofRequest.has(name) || name.startsWith('request.params.');
  }
}

function isAttributeKept(name: string, { attributes }: Kept): boolean {
  return ofIdentity.has(name) || attributes === 'all' || attributes.includes(name);
}

function callerEased(peer: Peer, kept: Kept): Peer {
  if (!('match' in peer) || peer.match === undefined) return peer;
  const known = knownOf(peer.match, kept);
  if (known === peer.match) return peer;
  if ('service' in peer)
    return known === undefined ? { service: peer.service } : { service: peer.service, match: known };
  return { match: known ?? { id: { exists: true } } };
}

/** Of the other side of a call nothing is kept but its name. */
function destinationEased(peer: Peer): Peer {
  if (!('match' in peer) || peer.match === undefined) return peer;
  return 'service' in peer ? { service: peer.service } : { builtin: 'any-identity' };
}

function deniedEased(clause: Deny, kept: Kept): Deny {
  if (clause.layer === 'runtime') return clause;
  const rest = withoutTerms(clause, kept);
  if (rest.layer === 'network') {
    const to = destinationEased(rest.to);
    return to === rest.to ? rest : { ...rest, to };
  }
  if (rest.layer !== 'api' || rest.from === undefined) return rest;
  const from = rest.from.map((peer) => callerEased(peer, kept));
  return from.every((peer, index) => peer === rest.from?.[index]) ? rest : { ...rest, from };
}

/** The same when all of it is kept; undefined when none is. */
function knownOf(match: Selector, kept: Kept): Selector | undefined {
  const entries = Object.entries(match);
  const known = entries.filter(([name]) => isAttributeKept(name, kept));
  if (known.length === entries.length) return match;
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>; // a part of itself
}
