/** The answer to one question: what is decided, by which contract and clause, what would have let it pass. */
import type { Contract, Decision, ReasonCode } from '../../model/index.js';
import { isIP } from 'node:net';
import { change, type Patch } from './change.js';
import type { ContractSet, SetMember } from './contract-set.js';
import type { NoQuestion, Question } from './question.js';

export interface Answer {
  readonly decision: 'allow' | 'deny' | 'would-deny' | 'unmanaged';
  readonly clause: string | null;
  readonly reason: ReasonCode;
  /** Of the side that decided. From files there is no version. */
  readonly contract: { readonly name: string | null; readonly version: number | null; readonly digest: string | null };
  readonly nearest: readonly {
    readonly clause: string;
    readonly predicate: string;
    readonly wanted: string;
    readonly got: string;
  }[];
  /** JSON Patch (RFC 6902) of that contract as written; null: no small change allows it, or none should. */
  readonly change: Patch | null;
}

/**
 * Both sides have to allow where both have a contract in the set; the stricter answer is given, the callee's when they agree.
 * A service without a contract gets nothing through.
 */
export function answer(set: ContractSet, question: Question): Answer {
  const sides = sidesOf(set, question);
  const [first] = sides;
  if (first === undefined) return refused(question.service, 'no-contract');
  const strictest = sides.reduce((one, other) => (rank(other.decision) > rank(one.decision) ? other : one), first);
  const { decision, member } = strictest;
  return {
    decision: verdictOf(decision),
    clause: decision.clause,
    reason: decision.reason,
    contract: { name: member.contract.service, version: member.version, digest: member.digest },
    nearest: (decision.nearest?.failed ?? []).map(({ predicate, wanted, got }) => ({
      clause: decision.nearest?.clause ?? '',
      predicate,
      wanted,
      got,
    })),
    change: decision.effect === 'allow' ? null : change(set, strictest),
  };
}

/** A row that is none is refused, and says why where a contract would name its nearest clause. */
export function malformed(service: string | null, { problem }: NoQuestion): Answer {
  const nearest = [{ clause: 'row', predicate: 'shape', wanted: 'a question', got: problem }];
  return { ...refused(service, 'malformed'), nearest };
}

function refused(name: string | null, reason: ReasonCode): Answer {
  return {
    decision: 'deny',
    clause: null,
    reason,
    contract: { name, version: null, digest: null },
    nearest: [],
    change: null,
  };
}

/** One side of a question, and how to ask it again of another contract. */
export interface Side {
  readonly member: SetMember;
  readonly decision: Decision;
  readonly ask: (member: SetMember) => Decision;
  /** The clause that would say yes, where it stands in the contract. */
  readonly wanted: Wanted;
}

export type Wanted =
  | {
      readonly section: 'serves' | 'calls';
      readonly clause: object;
      readonly method: string;
      readonly peer: object | null;
    }
  | { readonly section: 'ingress' | 'egress'; readonly clause: object; readonly port: string }
  | { readonly section: 'executables' | 'files' | 'publish'; readonly clause: object };

export function sidesOf(set: ContractSet, question: Question): readonly Side[] {
  const member = set.member(question.service);
  if (member === undefined) return [];
  const { act, at, attributes, claims, caller, callerService, service } = question;
  const side = (of: SetMember, ask: Side['ask'], wanted: Wanted): Side => ({
    member: of,
    decision: ask(of),
    ask,
    wanted,
  });
  switch (act.kind) {
    case 'request': {
      const { method, path } = act;
      const request = { caller, callerService, attributes, claims, method, path, at };
      const from =
        callerService === null
          ? null
          : callerService === 'gateway'
            ? { builtin: 'public' }
            : { service: callerService };
      const callee = side(member, ({ compiled }) => compiled.decideServe(request), {
        section: 'serves',
        clause: { methods: [method], path, from: [from] },
        method,
        peer: from,
      });
      const other = callerService === null ? undefined : set.member(callerService);
      if (other === undefined) return [callee];
      const call = { peerService: service, attributes, claims, method, path, at };
      const calling = side(other, ({ compiled }) => compiled.decideCall(call), {
        section: 'calls',
        clause: { to: { service }, methods: [method], path },
        method,
        peer: null,
      });
      return [callee, calling];
    }
    case 'connect': {
      const { host, port, protocol } = act;
      const known = set.member(host) !== undefined || namesService(member.resolved, host);
      const address = isIP(host) === 0 ? undefined : host;
      const to = known ? { service: host, host } : address === undefined ? { host, byName: true } : { address };
      const spec = `${protocol}/${port}`;
      const peer = known
        ? { service: host }
        : address === undefined
          ? { host }
          : { cidr: `${address}/${isIP(address) === 6 ? 128 : 32}` };
      const out = side(member, ({ compiled }) => compiled.decideEgress({ ...to, attributes, port, protocol, at }), {
        section: 'egress',
        clause: { to: peer, ports: [spec] },
        port: spec,
      });
      const other = set.member(host);
      if (other === undefined) return [out];
      const from = { caller: `service ${service}`, callerService: service, attributes, port, protocol, at };
      const into = side(other, ({ compiled }) => compiled.decideIngress(from), {
        section: 'ingress',
        clause: { from: { service }, ports: [spec] },
        port: spec,
      });
      return [out, into];
    }
    case 'exec': {
      const { path } = act;
      return [
        side(member, ({ compiled }) => compiled.decideExec({ path, at }), { section: 'executables', clause: { path } }),
      ];
    }
    case 'open': {
      const { path, access } = act;
      const wanted = { section: 'files', clause: { path, access } } as const;
      return [side(member, ({ compiled }) => compiled.decideFile({ path, access, at }), wanted)];
    }
    case 'publish': {
      const { topic } = act;
      const wanted = { section: 'publish', clause: { topic } } as const;
      return [side(member, ({ compiled }) => compiled.decidePublish({ topic, attributes, at }), wanted)];
    }
    default:
      return act satisfies never;
  }
}

/** A name that a contract gives as a service is one, also when that has no contract in the set. */
function namesService({ network, deny, api }: Contract, name: string): boolean {
  const peers = [
    ...(network?.egress ?? []).map(({ to }) => to),
    ...(api?.calls ?? []).map(({ to }) => to),
    ...(deny ?? []).flatMap((clause) => (clause.layer === 'network' ? [clause.to] : [])),
  ];
  return peers.some((peer) => 'service' in peer && peer.service === name);
}

export function verdictOf({ effect, reason }: Decision): Answer['decision'] {
  if (effect !== 'allow') return effect;
  return reason === 'layer-unmanaged' || reason === 'mode-off' ? 'unmanaged' : 'allow';
}

function rank({ effect }: Decision): number {
  return effect === 'deny' ? 2 : effect === 'would-deny' ? 1 : 0;
}
