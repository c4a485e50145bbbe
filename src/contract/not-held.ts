/** What the language says and the data plane and agents of this version do not hold. */
import type { Contract, Peer } from '../model/index.js';
import { clausesOf, type PlacedClause } from './clauses.js';
import { namesIn, parseCondition } from './condition/index.js';

/**
 * Each part in one sentence; empty: all of it is held. A control plane refuses a contract with any of them: a rule that
 * stands in an approved contract and nobody holds would be worse than none. `contract decide`, `can` and `validate`
 * understand all of it.
 */
export function notHeld(contract: Contract): readonly string[] {
  const { runtime, api } = contract;
  const parts: readonly (readonly [string, unknown])[] = [...runtimeParts(runtime), ['api.messages', api?.messages]];
  const said = parts.filter(([, value]) => value !== undefined).map(([name]) => `\`${name}\` is not held yet`);
  for (const placed of clausesOf(contract))
    for (const what of openIn(placed)) said.push(`clause \`${placed.clause.id}\`: ${what} is not held yet`);
  return said;
}

/** Whether a data plane of Tricordon 0.1, which knows none of the newer parts, would take it for something else. */
export function isBeyondFirst(contract: Contract): boolean {
  const { extends: bases, remove, require, exceptions, labels, runtime, api } = contract;
  const parts = [bases, remove, require, exceptions, labels, api?.listeners, api?.messages];
  if ([...parts, ...runtimeParts(runtime).map(([, value]) => value)].some((value) => value !== undefined)) return true;
  return clausesOf(contract).some((placed) => {
    const { clause, section } = placed;
    if (clause.id.includes('/')) return true;
    if (['where', 'user', 'rate', 'until', 'mode', 'publish', 'subscribe'].some((name) => name in clause)) return true;
    if ([...callersOf(clause), ...calleesOf(clause)].some((peer) => 'match' in peer || 'except' in peer)) return true;
    return 'ports' in clause && (section === 'calls' || clause.ports?.some((port) => /[-*]/.test(port)) === true);
  });
}

function runtimeParts(runtime: Contract['runtime']): readonly (readonly [string, unknown])[] {
  return [
    ['runtime.user', runtime?.user],
    ['runtime.rootfs', runtime?.rootfs],
    ['runtime.privilegeEscalation', runtime?.privilegeEscalation],
    ['runtime.mounts', runtime?.mounts],
    ['runtime.capabilities', runtime?.capabilities],
    ['runtime.syscalls', runtime?.syscalls],
    ['runtime.resources', runtime?.resources],
  ];
}

function openIn({ clause, layer }: PlacedClause): readonly string[] {
  const named = ['publish', 'subscribe'].filter((name) => name in clause);
  // What the kernel was told when a command started stays until it ends.
  if (layer === 'runtime') named.push(...['until', 'mode'].filter((name) => name in clause));
  const open = named.map((name) => `\`${name}\``);
  // Whose attributes they are is proved only once a connection is there; by then it is decided.
  if (calleesOf(clause).some((peer) => 'match' in peer)) open.push('`match` of whom it calls');
  const where = 'where' in clause && clause.where !== undefined ? parseCondition(clause.where) : undefined;
  if (where !== undefined && !('problem' in where) && namesIn(where.condition).some((name) => /^callee\b/.test(name)))
    open.push('`callee` in `where`');
  return open;
}

function callersOf(clause: PlacedClause['clause']): readonly Peer[] {
  const from = 'from' in clause && typeof clause.from === 'object' ? clause.from : [];
  return Array.isArray(from) ? from : [from];
}

function calleesOf(clause: PlacedClause['clause']): readonly Peer[] {
  return 'to' in clause ? [clause.to] : [];
}
