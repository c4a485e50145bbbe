/** Who can do something, and what someone can do, from the contracts alone. */
import type { Contract, Decision, Peer } from '../../model/index.js';
import { rateText, termsText } from '../terms-text.js';
import { matchedPrefix } from '../compile/path-template.js';
import { segmentsOf } from '../compile/operations.js';
import { gatewayService, peerText } from '../compile/peers.js';
import type { ContractSet, SetMember } from './contract-set.js';

type Serve = NonNullable<NonNullable<Contract['api']>['serves']>[number];

/** One way in which somebody can. */
export interface Way {
  /** Who: a service, the public, any identity, identities with attributes. */
  readonly who: string;
  /** What: an operation, a peer and port, a file. */
  readonly what: string;
  readonly clause: string;
  /** In words what else has to be so; empty: nothing. */
  readonly under: readonly string[];
  /** What the other side says; `conditional`: it depends on attributes, claims or time; `unknown`: it has no contract in the set. */
  readonly otherSide: 'allow' | 'deny' | 'conditional' | 'unmanaged' | 'unknown';
}

export interface Operation {
  readonly method: string;
  readonly service: string;
  /** Canonical. */
  readonly path: string;
}

/** Everybody who can ask for an operation; undefined: the service has no contract in the set. */
export function whoCan(set: ContractSet, { method, service, path }: Operation): readonly Way[] | undefined {
  const member = set.member(service);
  if (member === undefined) return undefined;
  const { resolved } = member;
  const what = `${method} ${service}:${path}`;
  const serves = resolved.api?.serves;
  if (resolved.mode.api === 'off' || serves === undefined)
    return [{ who: 'any identity', what, clause: '-', under: ['the API layer is not managed'], otherSide: 'unknown' }];
  const held =
    resolved.mode.api === 'enforce' ? [] : [`the API layer is in mode ${resolved.mode.api}: deviations pass`];
  return serves
    .filter((clause) => clause.methods.includes(method) && matches(clause, path))
    .flatMap((clause) =>
      clause.from.map((peer) => ({
        who: peerText(peer),
        what,
        clause: clause.id,
        under: [...held, ...termsText(clause), ...rateText(clause.rate), ...limits(member, peer, method, path)],
        otherSide: callerSide(set, peer, service, method, path),
      })),
    );
}

/** Everything one service can do: by its own contract, and by those of the services that it may ask. */
export function whatCan(set: ContractSet, service: string): readonly Way[] | undefined {
  const member = set.member(service);
  if (member === undefined) return undefined;
  const { resolved } = member;
  const { runtime, network, api, mode } = resolved;
  const who = `service ${service}`;
  const way = (
    what: string,
    clause: string,
    under: readonly string[],
    otherSide: Way['otherSide'] = 'unknown',
  ): Way => ({
    who,
    what,
    clause,
    under,
    otherSide,
  });
  const open = (layer: 'runtime' | 'network' | 'api', section: unknown, what: string): Way[] =>
    section === undefined || mode[layer] === 'off' ? [way(what, '-', ['not managed'])] : [];
  return [
    ...open('runtime', runtime?.executables, 'start any program'),
    ...(runtime?.executables ?? []).map((clause) =>
      way(`start ${clause.path}`, clause.id, [
        ...(clause.from === undefined ? [] : [`started by ${clause.from}`]),
        ...termsText(clause),
      ]),
    ),
    ...open('runtime', runtime?.files, 'open any file'),
    ...(runtime?.files ?? []).map((clause) => way(`${clause.access} ${clause.path}`, clause.id, termsText(clause))),
    ...open('network', network?.egress, 'connect anywhere'),
    ...(network?.egress ?? []).map((clause) =>
      way(`connect to ${peerText(clause.to)} on ${clause.ports.join(', ')}`, clause.id, termsText(clause)),
    ),
    ...open('api', api?.calls, 'ask for any operation'),
    ...(api?.calls ?? []).map((clause) =>
      way(
        `${clause.methods.join(', ')} ${peerText(clause.to)}:${clause.path}`,
        clause.id,
        termsText(clause),
        'service' in clause.to ? calleeSide(set, clause.to.service, service, clause.methods, clause.path) : 'unknown',
      ),
    ),
    ...open('api', api?.messages?.publish, 'publish any topic'),
    ...(api?.messages?.publish ?? []).map((clause) => way(`publish ${clause.topic}`, clause.id, termsText(clause))),
    ...open('api', api?.messages?.subscribe, 'subscribe any topic'),
    ...(api?.messages?.subscribe ?? []).map((clause) => way(`subscribe ${clause.topic}`, clause.id, termsText(clause))),
  ];
}

function matches({ path: template }: Serve, path: string): boolean {
  const parts = path.slice(1).split('/');
  return matchedPrefix(segmentsOf(template), parts) === parts.length;
}

/** A deny or a bound that takes it back for this caller, as far as the caller is known by name. */
function limits({ compiled }: SetMember, peer: Peer, method: string, path: string): string[] {
  const name = nameOf(peer);
  if (name === undefined) return [];
  const decision = compiled.decideServe({ caller: `service ${name}`, callerService: name, method, path });
  if (decision.reason === 'explicit-deny') return [`forbidden by \`${decision.clause}\``];
  return decision.reason === 'bound' ? [`forbidden by the bound \`${decision.clause ?? ''}\``] : [];
}

function callerSide(set: ContractSet, peer: Peer, service: string, method: string, path: string): Way['otherSide'] {
  const caller = 'service' in peer ? set.member(peer.service) : undefined;
  return caller === undefined ? 'unknown' : sideOf(caller.compiled.decideCall({ peerService: service, method, path }));
}

/** The path may be a template: what is asked is whether some operation of it is served. */
function calleeSide(
  set: ContractSet,
  callee: string,
  caller: string,
  wanted: readonly string[],
  template: string,
): Way['otherSide'] {
  const member = set.member(callee);
  if (member === undefined) return 'unknown';
  const serves = member.resolved.api?.serves;
  if (serves === undefined || member.resolved.mode.api === 'off') return 'unmanaged';
  const path = sampleOf(template);
  const decisions = wanted.map((method) =>
    member.compiled.decideServe({ caller: `service ${caller}`, callerService: caller, method, path }),
  );
  const sides = decisions.map(sideOf);
  return sides.find((side) => side === 'allow') ?? sides.find((side) => side === 'conditional') ?? 'deny';
}

const samples: Readonly<Record<string, string>> = {
  uuid: '6f1c2b1e-52a7-4d0c-9f0e-2f6f2d1c8a11',
  date: '2026-01-31',
  int: '42',
  hex: '5d0fa1b2',
  slug: 'red-shoe',
  opaque: 'x',
};

function sampleOf(template: string): string {
  const parts = segmentsOf(template).map((segment) =>
    segment.kind === 'literal' ? segment.text : segment.kind === 'rest' ? 'x' : (samples[segment.type] ?? 'x'),
  );
  return `/${parts.join('/')}`;
}

const depending = new Set(['attribute', 'claim-missing', 'claim-value', 'where', 'clause-expired']);

function sideOf({ effect, reason }: Decision): Way['otherSide'] {
  if (effect === 'deny') return depending.has(reason) ? 'conditional' : 'deny';
  return reason === 'layer-unmanaged' || reason === 'mode-off' ? 'unmanaged' : 'allow';
}

function nameOf(peer: Peer): string | undefined {
  if ('service' in peer) return peer.service;
  return 'builtin' in peer && peer.builtin === 'public' ? gatewayService : undefined;
}
