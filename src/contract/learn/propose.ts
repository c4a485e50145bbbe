/** From facts to a contract: clauses with readable ids, each with the evidence it rests on. */
import { isIP } from 'node:net';
import { printable } from '../../base/index.js';
import { type Contract, type Layer, layers, type ModeByLayer, type Peer } from '../../model/index.js';
import { clausesOf } from '../clauses.js';
import { gatewayService } from '../compile/peers.js';
import { ClauseIds } from './clause-ids.js';
import { type ClauseEvidence, type Fact, type Facts, joinEvidence } from './facts.js';
import { filePatternsOf } from './file-patterns.js';
import { templatesOf } from './path-templates.js';
import { type LayerReadiness, readinessOf } from './readiness.js';

export interface NetworkFact {
  readonly peer: { readonly service: string } | { readonly host: string } | { readonly address: string };
  readonly port: string;
}

export interface ApiFact {
  readonly peer: string;
  readonly method: string;
  readonly path: string;
}

export interface Learned {
  readonly service: string;
  readonly mode: ModeByLayer;
  readonly deny: Contract['deny'];
  readonly executables: Facts<string>;
  readonly files: Facts<{ readonly path: string; readonly access: 'read' | 'write' }>;
  readonly ingress: Facts<NetworkFact>;
  readonly egress: Facts<NetworkFact>;
  readonly serves: Facts<ApiFact>;
  readonly calls: Facts<ApiFact>;
  readonly skipped: Map<string, { readonly what: string; readonly why: string; count: number }>;
  /** Days (UTC, since 1970) and workloads in which something taught, by layer; no more than is asked about. */
  readonly times: Readonly<Record<Layer, { readonly days: Set<number>; readonly starts: Set<string> }>>;
  readonly seen: { execs: boolean; files: boolean; flowsIn: boolean; requestsIn: boolean };
  observed: number;
}

export interface Proposal {
  readonly contract: Contract;
  /** By clause id. */
  readonly evidence: ReadonlyMap<string, ClauseEvidence>;
  /** How many observations taught something. */
  readonly observed: number;
  /** Seen and on purpose not learned, escaped and bounded; for the reviewer. */
  readonly skipped: readonly { readonly what: string; readonly why: string; readonly count: number }[];
  readonly readiness: readonly LayerReadiness[];
  /** Facts that did not fit: not 0 means the proposal is incomplete. */
  readonly overflow: number;
}

export function propose(learned: Learned): Proposal {
  const ids = new ClauseIds((learned.deny ?? []).map(({ id }) => id));
  const evidence = new Map<string, ClauseEvidence>();
  const clause = <T>(words: readonly string[], facts: readonly Fact<T>[], said: (value: T) => string): string => {
    const id = ids.make(words);
    const joined = joinEvidence(facts.map((fact) => fact.evidence));
    const sampled = facts.find((fact) => fact.evidence.sample === joined.sample);
    evidence.set(id, { ...joined, sampleText: sampled === undefined ? '' : printable(said(sampled.value), 256) });
    return id;
  };

  const executables = [...grouped(learned.executables, (path) => executablePattern(path))].map(([path, facts]) => ({
    id: clause(['run', path.slice(path.lastIndexOf('/') + 1)], facts, (program) => `exec ${program}`),
    path,
  }));
  const patterns = filePatternsOf(learned.files.sorted().map((fact) => fact.value.path));
  const files = [...grouped(learned.files, ({ path, access }) => patternKey(patterns.get(path), access))].map(
    ([key, facts]) => {
      const [access, path] = splitOnce(key);
      return {
        id: clause([access, ...path.split('/')], facts, (file) => `${file.access} ${file.path}`),
        path,
        access: access === 'write' ? ('write' as const) : ('read' as const),
      };
    },
  );
  const ingress = [...grouped(learned.ingress, ({ peer }) => JSON.stringify(inPeer(peer)))].map(([, facts]) => {
    const from = inPeer(facts[0].value.peer);
    const said = ({ peer, port }: NetworkFact) => `${peerWord(inPeer(peer))} to ${port}`;
    return { id: clause(['in', peerWord(from)], facts, said), from, ports: portsOf(facts) };
  });
  const egress = [...grouped(learned.egress, ({ peer }) => JSON.stringify(outPeer(peer)))].map(([, facts]) => {
    const to = outPeer(facts[0].value.peer);
    const said = ({ peer, port }: NetworkFact) => `to ${peerWord(outPeer(peer))} ${port}`;
    return { id: clause(['out', peerWord(to)], facts, said), to, ports: portsOf(facts) };
  });
  const served = templatesOf(learned.serves.sorted().map((fact) => fact.value.path));
  const serves = [...grouped(learned.serves, ({ method, path }) => apiKey(method, served.get(path)))].map(
    ([key, facts]) => {
      const [method, path] = splitOnce(key);
      const callers = [...new Set(facts.map((fact) => fact.value.peer))].sort();
      const from = callers.map((service): Peer => inPeer({ service }));
      const said = (fact: ApiFact) => `${fact.method} ${fact.path} by ${peerWord(inPeer({ service: fact.peer }))}`;
      return { id: clause([method, ...path.split('/')], facts, said), methods: [method], path, from };
    },
  );
  // Templates are found per callee: two services may give one path two meanings.
  const called = new Map<string, ReadonlyMap<string, string>>();
  for (const peer of new Set(learned.calls.sorted().map((fact) => fact.value.peer))) {
    const paths = learned.calls.sorted().filter((fact) => fact.value.peer === peer);
    called.set(peer, templatesOf(paths.map((fact) => fact.value.path)));
  }
  const callKey = ({ peer, method, path }: ApiFact) => {
    const key = apiKey(method, called.get(peer)?.get(path));
    return key === undefined ? undefined : `${peer} ${key}`;
  };
  const calls = [...grouped(learned.calls, callKey)].map(([key, facts]) => {
    const [service, rest] = splitOnce(key);
    const [method, path] = splitOnce(rest);
    const said = (fact: ApiFact) => `${fact.method} ${fact.path} of ${fact.peer}`;
    const id = clause(['call', service, method, ...path.split('/')], facts, said);
    return { id, to: { service }, methods: [method], path };
  });

  const { seen } = learned;
  const contract: Contract = {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: learned.service,
    mode: learned.mode,
    // A part that nothing watched stays unmanaged, a gap, and not "nothing allowed".
    ...(seen.execs || seen.files
      ? { runtime: { ...(seen.execs ? { executables } : {}), ...(seen.files ? { files } : {}) } }
      : {}),
    network: { ingress, egress },
    // A service that takes connections and never a request speaks a protocol of its own: no operations to list.
    api: { ...(seen.flowsIn && !seen.requestsIn ? {} : { serves }), calls },
    ...(learned.deny === undefined ? {} : { deny: learned.deny }),
  };
  const readiness = layers.map((layer) => {
    const counts = clausesOf(contract)
      .filter((placed) => placed.layer === layer)
      .flatMap(({ clause: { id } }) => evidence.get(id)?.count ?? []);
    const { days, starts } = learned.times[layer];
    return readinessOf(layer, { counts, days: days.size, starts: starts.size });
  });
  return {
    contract,
    evidence,
    readiness,
    observed: learned.observed,
    skipped: [...learned.skipped.values()]
      .map(({ what, why, count }) => ({ what: printable(what, 256), why, count }))
      .sort((left, right) => right.count - left.count || (left.what < right.what ? -1 : 1)),
    overflow: [
      learned.executables,
      learned.files,
      learned.ingress,
      learned.egress,
      learned.serves,
      learned.calls,
    ].reduce((sum, facts) => sum + facts.overflow, 0),
  };
}

/** Facts by a key, in the order of the keys; facts without one (they cannot be said in the language) are left out. */
function grouped<T>(
  facts: Facts<T>,
  keyOf: (value: T) => string | undefined,
): ReadonlyMap<string, readonly [Fact<T>, ...Fact<T>[]]> {
  const groups = new Map<string, [Fact<T>, ...Fact<T>[]]>();
  for (const fact of facts.sorted()) {
    const key = keyOf(fact.value);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [fact]);
    else group.push(fact);
  }
  return new Map([...groups].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function executablePattern(path: string): string | undefined {
  return path.length > 1_024 ? undefined : path;
}

function patternKey(pattern: string | undefined, access: string): string | undefined {
  return pattern === undefined ? undefined : `${access} ${pattern}`;
}

function apiKey(method: string, template: string | undefined): string | undefined {
  return template === undefined || template.length > 1_024 ? undefined : `${method} ${template}`;
}

function splitOnce(key: string): [string, string] {
  const space = key.indexOf(' ');
  return [key.slice(0, space), key.slice(space + 1)];
}

function inPeer(peer: NetworkFact['peer']): Peer {
  if (!('service' in peer)) return outPeer(peer);
  return peer.service === gatewayService ? { builtin: 'public' } : { service: peer.service };
}

function outPeer(peer: NetworkFact['peer']): Peer {
  if ('host' in peer) return { host: peer.host };
  return 'service' in peer
    ? { service: peer.service }
    : { cidr: `${peer.address.toLowerCase()}/${isIP(peer.address) === 6 ? 128 : 32}` };
}

function peerWord(peer: Peer): string {
  if ('service' in peer) return peer.service;
  if ('builtin' in peer) return peer.builtin;
  if ('match' in peer) return 'match';
  return 'host' in peer ? peer.host : (peer.cidr.split('/')[0] ?? '');
}

function portsOf(facts: readonly Fact<NetworkFact>[]): string[] {
  const number = (port: string) => Number(port.split('/')[1]);
  return [...new Set(facts.map((fact) => fact.value.port))].sort(
    (left, right) => number(left) - number(right) || (left < right ? -1 : 1),
  );
}
