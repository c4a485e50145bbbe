/** Small mistakes that somebody could make in one clause. */
import type { Contract, Peer } from '../../model/index.js';
import { clausesOf, type PlacedClause, type Section } from '../clauses.js';

export interface Mutant {
  readonly section: Section;
  readonly clause: string;
  /** What was done to it, in a few words. */
  readonly what: string;
  /** In its place; undefined: it is left out. */
  readonly replaced: PlacedClause['clause'] | undefined;
}

const anyIdentity: Peer = { builtin: 'any-identity' };
const methods = ['GET', 'POST', 'PUT', 'DELETE'];

/** @param contract that stands by itself (`resolveContract`) */
export function mutantsOf(contract: Contract): readonly Mutant[] {
  return clausesOf(contract).flatMap(({ section, clause }) => {
    if (section === 'mounts' || section === 'subscribe') return [];
    const changed = section === 'deny' ? [] : changesOf(section, clause);
    return [{ what: 'left out', replaced: undefined }, ...changed].map((one) => ({
      section,
      clause: clause.id,
      ...one,
    }));
  });
}

type Change = Pick<Mutant, 'what' | 'replaced'>;

function changesOf(section: Section, clause: PlacedClause['clause']): readonly Change[] {
  const changes: Change[] = [];
  const put = (what: string, fields: object) =>
    changes.push({ what, replaced: { ...clause, ...fields } as PlacedClause['clause'] });
  const without = (what: string, name: string) => {
    const { [name]: _gone, ...rest } = clause as Record<string, unknown>;
    changes.push({ what, replaced: rest as PlacedClause['clause'] });
  };
  if ('user' in clause && clause.user !== undefined && clause.user !== 'none') without('asks for no user', 'user');
  if ('where' in clause && clause.where !== undefined) without('asks for no condition', 'where');
  if ('until' in clause && clause.until !== undefined && !('mode' in clause)) without('does not end', 'until');
  if ('methods' in clause && clause.methods !== undefined) {
    const { methods: own } = clause;
    const more = methods.find((method) => !own.includes(method));
    if (more !== undefined) put(`allows ${more} as well`, { methods: [...own, more] });
  }
  if ('path' in clause && clause.path !== undefined) {
    const wider = section === 'serves' || section === 'calls' ? widerTemplate(clause.path) : widerPattern(clause.path);
    if (wider !== undefined) put(`has the path ${wider}`, { path: wider });
  }
  if ('topic' in clause && !clause.topic.endsWith('>')) {
    const topic = [...clause.topic.split('.').slice(0, -1), '>'].join('.');
    put(`has the topic ${topic}`, { topic });
  }
  if ('ports' in clause && clause.ports !== undefined && !clause.ports.includes('tcp/*'))
    put('allows every TCP port', { ports: [...clause.ports, 'tcp/*'] });
  if ('access' in clause && clause.access === 'read') put('allows writing instead', { access: 'write' });
  if (section === 'executables' && 'from' in clause && clause.from !== undefined)
    without('is started by any program', 'from');
  peerChanges(section, clause, put);
  return changes;
}

function peerChanges(
  section: Section,
  clause: PlacedClause['clause'],
  put: (what: string, fields: object) => void,
): void {
  if (section === 'serves' && 'from' in clause && Array.isArray(clause.from)) {
    const from: readonly Peer[] = clause.from;
    if (!from.some(isAny)) put('may be called by any identity', { from: [...from, anyIdentity] });
    if (from.some(asksAttributes)) put('asks for no attributes', { from: from.map(withoutMatch) });
  }
  if (section === 'ingress' && 'from' in clause && typeof clause.from === 'object' && !Array.isArray(clause.from)) {
    const from = clause.from as Peer;
    if (!isAny(from)) put('lets any identity connect', { from: anyIdentity });
  }
  if ((section === 'egress' || section === 'calls') && 'to' in clause) {
    const { to } = clause;
    if ('cidr' in to && to.except !== undefined) put('has no exceptions from its range', { to: { cidr: to.cidr } });
    const wider = widerDestination(to);
    if (wider !== undefined) put('goes to more than one place', { to: wider });
  }
}

function isAny(peer: Peer): boolean {
  return 'builtin' in peer && peer.builtin === 'any-identity';
}

function asksAttributes(peer: Peer): boolean {
  return 'match' in peer && peer.match !== undefined;
}

function withoutMatch(peer: Peer): Peer {
  if ('service' in peer) return { service: peer.service };
  return 'match' in peer ? anyIdentity : peer;
}

function widerDestination(to: Peer): Peer | undefined {
  if ('service' in to || 'match' in to) return anyIdentity;
  if ('cidr' in to) return { cidr: to.cidr.includes(':') ? '::/0' : '0.0.0.0/0' };
  if (!('host' in to) || to.host.startsWith('*.')) return undefined;
  const dot = to.host.indexOf('.');
  return dot < 0 ? undefined : { host: `*${to.host.slice(dot)}` };
}

function widerTemplate(path: string): string | undefined {
  if (path.endsWith('**')) return undefined;
  return `${path.slice(0, path.lastIndexOf('/'))}/**`;
}

function widerPattern(path: string): string | undefined {
  if (path.endsWith('/**')) return undefined;
  const folder = path.slice(0, path.lastIndexOf('/'));
  return `${folder}/**`;
}
