/** The network layer as a table of nftables: packets by address and port. It knows no identities and no names. */
import type { Deny, Peer } from '../../../model/index.js';
import { impliedEgress, impliedIngress } from '../../compile/network.js';
import { momentOf } from '../../compile/moment.js';
import { type Lines, linesOf, type Part, partsOf, refuses, standing } from '../parts.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import { matchesOf, rangesOf } from './clauses.js';
import type { Rule } from './rules.js';
import { type Chain, type Direction, type Table, tableText } from './table.js';

const dataPlane = 'our data plane, which holds identities and names';

interface Clause {
  readonly id: string;
  readonly peer: Peer;
  readonly ports: readonly string[];
  readonly where?: string | undefined;
  readonly until?: string | undefined;
  readonly mode?: string | undefined;
}

interface Plan {
  readonly input: TargetInput;
  readonly lines: Lines;
  /** Deviations are told and pass. */
  readonly audits: boolean;
  /** In front of what stands in the kernel's log: service and version. */
  readonly name: string;
}

export function compile(input: TargetInput): CompiledTarget {
  const { contract, digest, version, place, at } = input;
  const lines = linesOf('nftables');
  const audits = contract.mode.network === 'audit';
  if (!audits && !refuses(lines, contract, 'network', dataPlane)) return { artefacts: [], diagnostics: lines.all };
  const name = `tricordon ${contract.service}${version === null ? '' : `@${version}`}`;
  const plan: Plan = { input, lines, audits, name };
  const alone = place.services[contract.service]?.alone === true;
  const uid = alone ? undefined : contract.runtime?.user?.uid;
  const egress = egressOf(plan, alone, uid);
  const ingress = ingressOf(plan, alone);
  if (egress === undefined && ingress === undefined) return { artefacts: [], diagnostics: lines.all };
  const until = Math.min(...endsOf(input));
  const comments = [
    `${name}, ${digest}, by tricordon contract compile`,
    alone ? 'for a network namespace that is of this service alone' : `for what the account ${uid} sends on this host`,
    ...(Number.isFinite(until) && until > at
      ? [`a clause ends at ${new Date(until).toISOString()}: make it anew then`]
      : []),
  ];
  const table: Table = { service: contract.service, comments, uid, egress, ingress };
  return {
    artefacts: [{ file: `tricordon-${contract.service}.nft`, text: tableText(table) }],
    diagnostics: lines.all,
  };
}

function egressOf(plan: Plan, alone: boolean, uid: number | undefined): Chain | undefined {
  const { contract } = plan.input;
  const egress = contract.network?.egress;
  const denies = (contract.deny ?? []).filter((deny): deny is NetworkDeny => deny.layer === 'network');
  if (egress === undefined && denies.length === 0) return undefined;
  if (!alone && uid === undefined) {
    const parts = partsOf(contract, 'network').filter(({ section }) => section !== 'network.ingress');
    for (const part of [...parts, ...(egress === undefined ? [] : [whole('egress')])]) unplaced(plan.lines, part);
    return undefined;
  }
  if (egress !== undefined) sayWhole(plan, 'egress', alone, `whatever the account ${uid} sends, also for others`);
  const clauses = [...(egress ?? []), ...(egress === undefined ? [] : impliedEgress(contract))];
  const rules = [
    ...denies.flatMap((deny) => denyRules(plan, deny)),
    ...clauses.flatMap(({ to, ...clause }) => allowRules(plan, 'egress', { ...clause, peer: to })),
    ...(egress === undefined ? [] : lastRules(plan, 'egress')),
  ];
  return { rules, loopback: alone };
}

function ingressOf(plan: Plan, alone: boolean): Chain | undefined {
  const { contract } = plan.input;
  const ingress = contract.network?.ingress;
  if (ingress === undefined) return undefined;
  if (!alone) {
    const parts = partsOf(contract, 'network').filter(({ section }) => section === 'network.ingress');
    for (const part of [...parts, whole('ingress')]) unplaced(plan.lines, part);
    return undefined;
  }
  sayWhole(plan, 'ingress', alone, '');
  const clauses = [...ingress, ...impliedIngress(contract)];
  const rules = [
    ...clauses.flatMap(({ from, ...clause }) => allowRules(plan, 'ingress', { ...clause, peer: from })),
    ...lastRules(plan, 'ingress'),
  ];
  return { rules, loopback: true };
}

function whole(direction: Direction): Part {
  return { clause: null, section: `network.${direction}` };
}

function sayWhole({ lines }: Plan, direction: Direction, alone: boolean, shared: string): void {
  const part = whole(direction);
  if (alone) lines.looser(part, 'what the network namespace says to itself (loopback) is not looked at', dataPlane);
  else lines.looser(part, shared, 'an account, or a network namespace (`alone` in --place), of its own');
}

function unplaced(lines: Lines, part: Part): void {
  lines.impossible(
    part,
    'which packets are of this service is not known',
    '`alone: true` in --place, where its network namespace is its own; `runtime.user` for what it sends',
  );
}

type NetworkDeny = Extract<Deny, { layer: 'network' }>;

function denyRules(plan: Plan, deny: NetworkDeny): readonly Rule[] {
  const { input, lines, audits, name } = plan;
  const part = { clause: deny.id, section: 'deny' };
  const ranges = rangesOf(deny.to, input.place, false);
  if (ranges === undefined || deny.where !== undefined) {
    const why = deny.where === undefined ? 'no address of it is known here' : 'conditions are not looked at here';
    lines.impossible(part, why, dataPlane);
    return [];
  }
  const tells = audits || standing(deny, input.at, true) === 'tells only';
  const how = tells ? 'told in the log of the kernel, and passes' : 'refused before anything is allowed';
  if ('cidr' in deny.to) lines.exact(part, how);
  else lines.looser(part, `${how}; other addresses of it are not known`, dataPlane);
  return matchesOf(ranges, deny.ports).flatMap((match): readonly Rule[] => {
    const told: Rule = { match, verdict: tell(`${name} deny ${deny.id}`), clause: deny.id };
    return tells ? [told] : [told, ...refusing(match, 'egress', deny.id)];
  });
}

function allowRules(plan: Plan, direction: Direction, clause: Clause): readonly Rule[] {
  const { input, lines, name } = plan;
  const part = { clause: clause.id, section: `network.${direction}` };
  const stands = standing(clause, input.at, false);
  if (stands === 'ended') {
    lines.exact(part, `ended at ${clause.until}, and is left out`);
    return [];
  }
  const ranges = rangesOf(clause.peer, input.place, direction === 'ingress');
  if (ranges === undefined) {
    lines.impossible(
      part,
      'no address of it is known here, so nothing is opened for it',
      '`addresses` of services in --place; our data plane for names and attributes',
    );
    return [];
  }
  const told = stands === 'tells only' ? '; it is told in the log of the kernel' : '';
  if (clause.where !== undefined) lines.looser(part, `its condition is not looked at${told}`, dataPlane);
  else if ('cidr' in clause.peer) lines.exact(part, `by address and port${told}`);
  else lines.looser(part, `whoever has these addresses, whoever that proves to be${told}`, dataPlane);
  return matchesOf(ranges, clause.ports).flatMap((match): readonly Rule[] => {
    const accepted: Rule = { match, verdict: 'accept', clause: clause.id };
    if (stands === 'in force') return [accepted];
    return [{ match, verdict: tell(`${name} audit ${clause.id}`), clause: clause.id }, accepted];
  });
}

/** What nothing allowed. */
function lastRules({ audits, name }: Plan, direction: Direction): readonly Rule[] {
  const told: Rule = { match: {}, verdict: tell(`${name} ${direction}`) };
  return audits ? [told] : [told, ...refusing({}, direction)];
}

/** Who sends is told at once; who tries to come in is not told that there is anything. */
function refusing(match: Rule['match'], direction: Direction, clause?: string): readonly Rule[] {
  if (direction === 'ingress') return [{ match, verdict: 'drop', clause }];
  const tcp = match.ports === undefined ? { ...match, ports: { protocol: 'tcp' as const, ranges: [] } } : match;
  const reset: Rule = { match: tcp, verdict: 'reset', clause };
  if (tcp.ports?.protocol === 'tcp' && match.ports !== undefined) return [reset];
  return match.ports === undefined
    ? [reset, { match, verdict: 'reject', clause }]
    : [{ match, verdict: 'reject', clause }];
}

/** Of at most 126 characters (NF_LOG_PREFIXLEN). */
function tell(text: string): { readonly tell: string } {
  return { tell: `${text.slice(0, 125)} ` };
}

/** When what is written comes to mean something else. */
function endsOf({ contract, at }: TargetInput): readonly number[] {
  const { ingress = [], egress = [] } = contract.network ?? {};
  const ends = [...ingress, ...egress, ...(contract.deny ?? [])].flatMap(({ until }) =>
    until === undefined ? [] : [momentOf(until)],
  );
  return ends.filter((end) => end > at);
}
