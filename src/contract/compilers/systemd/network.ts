/** The network layer by address, both directions at once, and the ports that can be listened on. */
import type { Deny, Peer } from '../../../model/index.js';
import { impliedEgress, impliedIngress } from '../../compile/network.js';
import { portRange } from '../../compile/ports.js';
import { refuses, standing } from '../parts.js';
import type { Place } from '../target.js';
import { type Range, rangeOf, rangeText, without } from '../addresses.js';
import { addEach, type Plan, setList } from './plan.js';

const packets = 'nftables on the host, or our data plane';
const noAddress = 'no address of it is known here, so nothing is opened for it';

interface Clause {
  readonly id: string;
  readonly ports: readonly string[];
  readonly until?: string | undefined;
  readonly mode?: 'audit' | 'learn' | undefined;
  readonly peer: Peer;
  readonly section: string;
}
type NetworkDeny = Extract<Deny, { layer: 'network' }>;

export function planNetwork(plan: Plan): void {
  const { contract } = plan.input;
  if (!refuses(plan.lines, contract, 'network', packets)) return;
  const { ingress, egress } = contract.network ?? {};
  const incoming = [...(ingress ?? []), ...impliedIngress(contract)].map(
    ({ from, ...clause }): Clause => ({ ...clause, peer: from, section: 'network.ingress' }),
  );
  const outgoing = [...(egress ?? []), ...impliedEgress(contract)].map(
    ({ to, ...clause }): Clause => ({ ...clause, peer: to, section: 'network.egress' }),
  );
  const both = ingress !== undefined && egress !== undefined;
  const taken = planDenies(plan, both);
  if (ingress !== undefined)
    planPorts(
      plan,
      incoming.filter((clause) => counts(plan, clause)),
    );
  const opened = [...incoming, ...outgoing].flatMap((clause) => planClause(plan, clause, both));
  saySections(plan, both, opened.length > 0);
  if (!both) {
    if (taken.length === 0) return;
    // What is allowed is asked first: an address that the unit allows would stay open.
    setList(plan, 'IPAddressAllow', []);
    addEach(plan, 'IPAddressDeny', [...new Set(taken.map(rangeText))]);
    return;
  }
  const open = [...new Set(opened.flatMap((range) => without(range, taken)).map(rangeText))].sort();
  addEach(plan, 'IPAddressDeny', ['any']);
  setList(plan, 'IPAddressAllow', open);
  setList(plan, 'RestrictAddressFamilies', [open.length === 0 ? 'AF_UNIX' : 'AF_UNIX AF_INET AF_INET6 AF_NETLINK']);
}

/** A section as a whole: one whose clauses all ended still is there. */
function saySections({ input, lines }: Plan, both: boolean, isOpen: boolean): void {
  for (const section of ['network.ingress', 'network.egress'] as const) {
    const part = { clause: null, section };
    const managed = section === 'network.ingress' ? input.contract.network?.ingress : input.contract.network?.egress;
    if (managed === undefined) continue;
    if (both && !isOpen) lines.exact(part, 'no address is open');
    else if (both) lines.looser(part, 'an address that is opened is open in both directions, on every port', packets);
    else if (section === 'network.ingress')
      lines.looser(part, 'ports are held, and not who connects; nor a port that the kernel chooses', packets);
    else lines.impossible(part, 'address rules take both directions, and `ingress` is not managed', packets);
  }
}

function counts(plan: Plan, clause: Clause): boolean {
  return standing(clause, plan.input.at, false) !== 'ended';
}

function planPorts(plan: Plan, clauses: readonly Clause[]): void {
  const ports = clauses
    .flatMap((clause) => clause.ports)
    .map((port) => {
      const { protocol, first, last } = portRange(port);
      return `${protocol}:${first}${first === last ? '' : `-${last}`}`;
    });
  addEach(plan, 'SocketBindDeny', ['any']);
  setList(plan, 'SocketBindAllow', [...new Set(ports)].sort());
}

function planClause(plan: Plan, clause: Clause, both: boolean): readonly Range[] {
  const { lines } = plan;
  const part = { clause: clause.id, section: clause.section };
  if (!both && clause.section === 'network.egress') {
    lines.impossible(part, 'address rules take both directions, and `ingress` is not managed', packets);
    return [];
  }
  if (!counts(plan, clause)) {
    lines.exact(part, `ended at ${clause.until}, and is left out`);
    return [];
  }
  if (!both) {
    lines.looser(part, 'its ports can be listened on; who connects is not asked about', packets);
    return [];
  }
  const ranges = rangesOf(clause.peer, plan.input.place);
  if (ranges === undefined)
    lines.impossible(part, noAddress, 'addresses of services in --place; our data plane for names');
  else lines.looser(part, 'every port of these addresses, in both directions', packets);
  return ranges ?? [];
}

/** What may not be reached, as ranges. */
function planDenies(plan: Plan, both: boolean): readonly Range[] {
  const { contract, at, place } = plan.input;
  const denies = (contract.deny ?? []).filter((deny): deny is NetworkDeny => deny.layer === 'network');
  return denies.flatMap((deny) => {
    const part = { clause: deny.id, section: 'deny' };
    const ranges = rangesOf(deny.to, place);
    if (standing(deny, at, true) === 'tells only')
      plan.lines.looser(part, `tells only until ${deny.until}; systemd tells nothing`, packets);
    else if (ranges === undefined) plan.lines.impossible(part, 'no address of it is known here', packets);
    else if (deny.ports !== undefined)
      plan.lines.impossible(part, 'an address is closed as a whole or not at all', packets);
    else {
      plan.lines.exact(
        part,
        both
          ? 'taken out of what is open'
          : 'closed, in both directions; addresses that the unit allows are taken back',
      );
      return ranges;
    }
    return [];
  });
}

/** undefined: a name, or identities of which nobody said where they are. */
function rangesOf(peer: Peer, place: Place): readonly Range[] | undefined {
  if ('cidr' in peer) {
    const range = rangeOf(peer.cidr);
    const except = (peer.except ?? []).flatMap((text) => rangeOf(text) ?? []);
    return range === undefined ? undefined : without(range, except);
  }
  if (!('service' in peer)) return undefined;
  const addresses = place.services[peer.service]?.addresses ?? [];
  return addresses.length === 0 ? undefined : addresses.flatMap((address) => rangeOf(address) ?? []);
}
