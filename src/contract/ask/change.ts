/** The smallest change of a contract that allows what it refused. */
import type { Contract } from '../../model/index.js';
import { clausesOf } from '../clauses.js';
import type { Side, Wanted } from './answer.js';
import type { ContractSet } from './contract-set.js';

export type Patch = readonly { readonly op: 'add'; readonly path: string; readonly value: unknown }[];

/** Beyond so many clauses a change is not tried before it is told. */
const triedUpTo = 5_000;

const places: Readonly<Record<Wanted['section'], readonly string[]>> = {
  executables: ['runtime', 'executables'],
  files: ['runtime', 'files'],
  ingress: ['network', 'ingress'],
  egress: ['network', 'egress'],
  serves: ['api', 'serves'],
  calls: ['api', 'calls'],
  publish: ['api', 'messages', 'publish'],
};

/**
 * null where nothing should be made wider: a deny or a bound says no, the user or the identity does not show what a clause
 * asks for, or it would take an identity that is no service. What is told was tried: with it, that side allows.
 */
export function change(set: ContractSet, side: Side): Patch | null {
  const { decision, member, wanted } = side;
  if (['explicit-deny', 'bound', 'isolated', 'no-identity', 'audited'].includes(decision.reason)) return null;
  const failed = (decision.nearest?.failed ?? []).map(({ predicate }) => predicate);
  // A clause is about this very operation, and asks for something that the caller does not show.
  if (!failed.includes('path') && failed.some((predicate) => /^(user|caller\.|where|until)/.test(predicate)))
    return null;
  if ('peer' in wanted && wanted.section === 'serves' && wanted.peer === null) return null;
  if (!isPlain(wanted.clause)) return null;
  const contract = member.contract;
  for (const patch of [widened(side), added(contract, wanted)]) {
    if (patch === null) continue;
    if (clausesOf(contract).length > triedUpTo || allows(set, side, applied(contract, patch))) return patch;
  }
  return null;
}

/** What was asked stands for itself: as a clause, a star or a brace in it would take in more. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 1_024 && !/[*>{}]/.test(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isPlain);
}

/** One more method, caller or port in the nearest clause, when only that is missing. */
function widened({ decision, member, wanted }: Side): Patch | null {
  const { nearest } = decision;
  const [only] = nearest?.failed ?? [];
  if (nearest === undefined || only === undefined || nearest.failed.length !== 1) return null;
  const place = places[wanted.section];
  const clauses = valueAt(member.contract, place);
  if (!Array.isArray(clauses)) return null;
  const index = clauses.findIndex((clause: { id?: unknown }) => clause.id === nearest.clause);
  if (index < 0) return null;
  const at = (field: string, value: unknown): Patch => [
    { op: 'add', path: pointer([...place, String(index), field, '-']), value },
  ];
  if (only.predicate === 'method' && 'method' in wanted) return at('methods', wanted.method);
  if (only.predicate === 'caller' && 'peer' in wanted && wanted.peer !== null) return at('from', wanted.peer);
  if (only.predicate === 'port' && 'port' in wanted) return at('ports', wanted.port);
  return null;
}

function added(contract: Contract, { section, clause }: Wanted): Patch {
  const place = places[section];
  const value = { id: freeId(contract, section), ...clause };
  for (let depth = 1; depth <= place.length; depth += 1) {
    if (valueAt(contract, place.slice(0, depth)) !== undefined) continue;
    const inner = place.slice(depth).reduceRight<unknown>((below, name) => ({ [name]: below }), [value]);
    return [{ op: 'add', path: pointer(place.slice(0, depth)), value: inner }];
  }
  return [{ op: 'add', path: pointer([...place, '-']), value }];
}

function freeId(contract: Contract, section: string): string {
  const taken = new Set([
    ...clausesOf(contract).map(({ clause }) => clause.id),
    ...(contract.exceptions ?? []).map(({ id }) => id),
  ]);
  for (let count = 1; ; count += 1) {
    const id = `${section}-${count}`;
    if (!taken.has(id)) return id;
  }
}

function allows(set: ContractSet, { ask }: Side, contract: Contract): boolean {
  try {
    return ask(set.memberOf(contract)).effect === 'allow';
  } catch {
    return false; // the change makes no contract
  }
}

/** For patches of this file: adds at members that are there, or at the end of lists. */
function applied(contract: Contract, patch: Patch): Contract {
  const copy = structuredClone(contract);
  for (const { path, value } of patch) {
    const names = path.slice(1).split('/');
    const last = names.pop() ?? '';
    const holder = valueAt(copy, names);
    if (Array.isArray(holder) && last === '-') holder.push(value);
    else if (typeof holder === 'object' && holder !== null) Object.assign(holder, { [last]: value });
  }
  return copy;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** RFC 6901; our own names need no escapes. */
function pointer(names: readonly string[]): string {
  return `/${names.join('/')}`;
}
