/** What the answers of a contract hang on beside who calls what: only that has to be found out, and kept to ask again. */
import type { Contract, Peer } from '../../model/index.js';
import { clausesOf } from '../clauses.js';
import { namesIn, parseCondition } from '../condition/index.js';

export interface AskedFacts {
  /** Whether it matters who the user is. */
  readonly users: boolean;
  /** Names of claims, as the contract writes them. */
  readonly claims: readonly string[];
  /** Names of attributes of the caller. */
  readonly attributes: readonly string[];
}

export function askedFacts(contract: Contract): AskedFacts {
  const [claims, attributes] = [new Set<string>(), new Set<string>()];
  let users = false;
  for (const { clause } of clausesOf(contract)) {
    if ('user' in clause && clause.user !== undefined && clause.user !== 'none') {
      users = true;
      if (clause.user.issuer !== undefined) claims.add('iss');
      for (const name of Object.keys(clause.user.claims ?? {})) claims.add(name);
    }
    if ('rate' in clause)
      for (const key of clause.rate?.key ?? []) if (key.startsWith('user.')) claims.add(key.slice('user.'.length));
    for (const peer of callersOf(clause)) for (const name of matched(peer)) attributes.add(name);
    if (!('where' in clause) || clause.where === undefined) continue;
    const parsed = parseCondition(clause.where);
    for (const name of 'problem' in parsed ? [] : namesIn(parsed.condition)) {
      const [root, ...rest] = name.split('.');
      if (root === 'user') claims.add(rest.join('.'));
      if (root === 'caller') attributes.add(rest.join('.'));
    }
  }
  return { users: users || claims.size > 0, claims: [...claims], attributes: [...attributes] };
}

function callersOf(clause: ReturnType<typeof clausesOf>[number]['clause']): readonly Peer[] {
  if (!('from' in clause) || typeof clause.from !== 'object') return [];
  return Array.isArray(clause.from) ? clause.from : [clause.from];
}

function matched(peer: Peer): readonly string[] {
  return 'match' in peer ? Object.keys(peer.match ?? {}) : [];
}
