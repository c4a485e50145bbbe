/** What the language says and the data plane and agents of this version do not hold. */
import type { Contract } from '../model/index.js';
import { clausesOf } from './clauses.js';

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
  for (const { clause } of clausesOf(contract)) {
    const asked = ['where', 'user', 'rate', 'until', 'mode', 'publish', 'subscribe'].filter((name) => name in clause);
    if (asksAttributes(clause)) asked.push('match');
    for (const name of asked) said.push(`clause \`${clause.id}\`: \`${name}\` is not held yet`);
  }
  return said;
}

function asksAttributes(clause: object): boolean {
  const peers = ['from', 'to'].flatMap((side) => (side in clause ? (clause as Record<string, unknown>)[side] : []));
  return peers.flat().some((peer) => typeof peer === 'object' && peer !== null && 'match' in peer);
}
