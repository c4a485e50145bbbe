/** Clauses of the network layer as matches: addresses by family, ports by protocol. nftables refuses sets that overlap. */
import type { Peer } from '../../../model/index.js';
import { gatewayService } from '../../compile/peers.js';
import { portRange } from '../../compile/ports.js';
import { contains, type Range, rangeOf, without } from '../addresses.js';
import type { Place } from '../target.js';
import type { Match, Ports } from './rules.js';

/** undefined: who that is cannot be said by addresses. */
export function rangesOf(peer: Peer, place: Place, incoming: boolean): readonly Range[] | undefined {
  if ('match' in peer && peer.match !== undefined) return undefined;
  if ('cidr' in peer) {
    const range = rangeOf(peer.cidr);
    const except = (peer.except ?? []).flatMap((text) => rangeOf(text) ?? []);
    return range === undefined ? undefined : without(range, except);
  }
  const name =
    'service' in peer
      ? peer.service
      : incoming && 'builtin' in peer && peer.builtin === 'public'
        ? gatewayService
        : undefined;
  const addresses = name === undefined ? [] : (place.services[name]?.addresses ?? []);
  return addresses.length === 0 ? undefined : addresses.flatMap((text) => rangeOf(text) ?? []);
}

/** One match for each family and protocol. */
export function matchesOf(ranges: readonly Range[], specs: readonly string[] | undefined): readonly Match[] {
  const byPorts: readonly (Ports | undefined)[] = specs === undefined ? [undefined] : portsOf(specs);
  return ([4, 6] as const).flatMap((family) => {
    const some = disjoint(ranges.filter((range) => range.family === family));
    return some.length === 0 ? [] : byPorts.map((ports) => ({ ranges: some, ports }));
  });
}

/** Prefixes lie within each other or apart. */
function disjoint(ranges: readonly Range[]): readonly Range[] {
  const kept: Range[] = [];
  for (const range of [...ranges].sort((one, other) => one.bits - other.bits))
    if (!kept.some((outer) => contains(outer, range))) kept.push(range);
  return kept;
}

function portsOf(specs: readonly string[]): readonly Ports[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const of = specs.map(portRange).filter((range) => range.protocol === protocol);
    if (of.length === 0) return [];
    const ranges: { first: number; last: number }[] = [];
    for (const { first, last } of of.sort((one, other) => one.first - other.first)) {
      const before = ranges.at(-1);
      if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
      else ranges.push({ first, last });
    }
    const [only] = ranges;
    const every = ranges.length === 1 && only?.first === 1 && only.last === 65_535;
    return [{ protocol, ranges: every ? [] : ranges }];
  });
}
