/** What the language says and the data plane and agents of this version do not hold. */
import type { Contract, Peer } from '../model/index.js';
import { clausesOf, type PlacedClause } from './clauses.js';

/**
 * Each part in one sentence; empty: all of it is held. A control plane refuses a contract with any of them: a rule that
 * stands in an approved contract and nobody holds would be worse than none. `contract decide`, `can` and `validate`
 * understand all of it.
 */
export function notHeld(contract: Contract): readonly string[] {
  const { runtime, api } = contract;
  const parts: readonly (readonly [string, unknown])[] = [
    ['extends', contract.extends],
    ['remove', contract.remove],
    ['require', contract.require],
    ['exceptions', contract.exceptions],
    ['labels', contract.labels],
    ['runtime.user', runtime?.user],
    ['runtime.rootfs', runtime?.rootfs],
    ['runtime.privilegeEscalation', runtime?.privilegeEscalation],
    ['runtime.mounts', runtime?.mounts],
    ['runtime.capabilities', runtime?.capabilities],
    ['runtime.syscalls', runtime?.syscalls],
    ['runtime.resources', runtime?.resources],
    ['api.listeners', api?.listeners],
    ['api.messages', api?.messages],
  ];
  const said = parts.filter(([, value]) => value !== undefined).map(([name]) => `\`${name}\` is not held yet`);
  for (const { clause, section } of clausesOf(contract)) {
    const asked = ['where', 'user', 'rate', 'until', 'mode', 'publish', 'subscribe'].filter((name) => name in clause);
    asked.push(...['match', 'except'].filter((name) => peersOf(clause).some((peer) => name in peer)));
    if ('ports' in clause && (section === 'calls' || clause.ports?.some((port) => /[-*]/.test(port)) === true))
      asked.push('ports');
    for (const name of asked) said.push(`clause \`${clause.id}\`: \`${name}\` is not held yet`);
  }
  return said;
}

function peersOf(clause: PlacedClause['clause']): readonly Peer[] {
  const from = 'from' in clause && typeof clause.from === 'object' ? clause.from : [];
  const to = 'to' in clause ? [clause.to] : [];
  return [...(Array.isArray(from) ? from : [from]), ...to];
}
