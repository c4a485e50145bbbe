/** Whom a `from` or `to` means, as predicates. */
import { BlockList, isIP } from 'node:net';
import type { Peer, Selector } from '../../model/index.js';
import { denySelectorTest, type Proved, type SelectorTest, selectorTest, selectorText } from './selector.js';

/** The service that brings the public in: its identity stands for "anyone outside". */
export const gatewayService = 'gateway';

/** Who calls, as far as it is proved. */
export interface Caller {
  /** The service of its identity; `gateway` for the public; null for an identity that is no service. */
  readonly callerService: string | null;
  /** Of its identity; one object for one identity. */
  readonly attributes?: Proved | undefined;
}

/** Services by name, and a test for everything else that a list of peers takes in. */
export interface CallerParts {
  readonly names: readonly string[];
  readonly other: ((caller: Caller) => boolean) | undefined;
}

/**
 * An authenticated caller by the service of its identity, or by its attributes. `public` is who comes through the gateway;
 * `any-identity` is every other proved identity, also one that is no service (null): the public has proved nothing, so
 * attributes never match it either. Peers given by host or address never match here: an address is not an identity.
 */
export function callerParts(peers: readonly Peer[], selectorOf: (selector: Selector) => SelectorTest): CallerParts {
  return parts(peers, selectorOf, (caller) => caller.callerService !== gatewayService);
}

/** A deny: attributes that are missing match, also of the public. */
export function deniedCallerMatcher(peers: readonly Peer[]): (caller: Caller) => boolean {
  return matcher(parts(peers, denySelectorTest, () => true));
}

function parts(
  peers: readonly Peer[],
  selectorOf: (selector: Selector) => SelectorTest,
  byAttributes: (caller: Caller) => boolean,
): CallerParts {
  const names: string[] = [];
  const tests: ((caller: Caller) => boolean)[] = [];
  for (const peer of peers) {
    if ('service' in peer) {
      if (peer.match === undefined) names.push(peer.service);
      else {
        const { service } = peer;
        const test = selectorOf(peer.match);
        tests.push((caller) => caller.callerService === service && test(caller.attributes));
      }
    } else if ('match' in peer) {
      const test = selectorOf(peer.match);
      tests.push((caller) => byAttributes(caller) && test(caller.attributes));
    } else if ('builtin' in peer) {
      if (peer.builtin === 'public') names.push(gatewayService);
      else tests.push((caller) => caller.callerService !== gatewayService);
    }
  }
  const [first] = tests;
  const other = tests.length === 1 ? first : (caller: Caller) => tests.some((test) => test(caller));
  return { names: [...new Set(names)], other: tests.length === 0 ? undefined : other };
}

export function callerMatcher(
  peers: readonly Peer[],
  selectorOf: (selector: Selector) => SelectorTest = selectorTest,
): (caller: Caller) => boolean {
  return matcher(callerParts(peers, selectorOf));
}

function matcher({ names, other }: CallerParts): (caller: Caller) => boolean {
  const only = names.length === 1 ? names[0] : undefined;
  const known = new Set(names);
  const named =
    only === undefined
      ? ({ callerService }: Caller) => callerService !== null && known.has(callerService)
      : ({ callerService }: Caller) => callerService === only;
  if (other === undefined) return named;
  return names.length === 0 ? other : (caller) => named(caller) || other(caller);
}

/** Where a connection goes, as far as it is known. `service` only when the peer's identity is or will be proved. */
export interface Destination {
  readonly service?: string | undefined;
  /** The name the workload dialled, lower case. */
  readonly host?: string | undefined;
  /** IPv4 or IPv6 literal. */
  readonly address?: string | undefined;
  /** Of the peer's identity, when it is proved. */
  readonly peerAttributes?: Proved | undefined;
  /** Judged by name alone; the address is judged by itself once it is known. */
  readonly byName?: boolean | undefined;
}

/** An allow: what is not known does not match. */
export function destinationMatcher(
  peer: Peer,
  selectorOf: (selector: Selector) => SelectorTest = selectorTest,
): (to: Destination) => boolean {
  if ('service' in peer) {
    if (peer.match === undefined) return (to) => to.service === peer.service;
    const test = selectorOf(peer.match);
    return (to) => to.service === peer.service && test(to.peerAttributes);
  }
  if ('match' in peer) {
    const test = selectorOf(peer.match);
    return (to) => to.service !== undefined && test(to.peerAttributes);
  }
  if ('builtin' in peer) {
    return peer.builtin === 'any-identity' ? (to) => to.service !== undefined : () => false;
  }
  if ('host' in peer) {
    const matches = hostMatcher(peer.host);
    return (to) => to.host !== undefined && matches(to.host);
  }
  const inside = rangeMatcher(peer);
  return (to) => to.address !== undefined && inside(to.address);
}

/**
 * A deny: what is not known matches (fail closed), with one limit: a destination whose identity is proved is known by
 * that identity, so a deny by name or address does not reach it unless the name or address is given and matches.
 */
export function deniedDestinationMatcher(peer: Peer): (to: Destination) => boolean {
  const matches = destinationMatcher(peer, denySelectorTest);
  if ('host' in peer) return (to) => matches(to) || (to.host === undefined && to.service === undefined);
  if ('cidr' in peer)
    return (to) => matches(to) || (to.address === undefined && to.service === undefined && to.byName !== true);
  return matches;
}

/** `example.com`, or `*.example.com` for every name below it (not itself). Case does not matter. */
function hostMatcher(pattern: string): (host: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return (host) => host.toLowerCase() === wanted;
  const suffix = wanted.slice(1);
  return (host) => host.length > suffix.length && host.toLowerCase().endsWith(suffix);
}

/** `a.b.c.d/n` or an IPv6 prefix. An IPv4-mapped IPv6 address counts as the IPv4 address (RFC 4291, section 2.5.5.2). */
export function cidrMatcher(cidr: string): (address: string) => boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/** An address range without those taken out of it. */
export function rangeMatcher({
  cidr,
  except,
}: {
  readonly cidr: string;
  readonly except?: readonly string[] | undefined;
}) {
  const inside = cidrMatcher(cidr);
  if (except === undefined) return inside;
  const outside = except.map(cidrMatcher);
  return (address: string) => inside(address) && !outside.some((matches) => matches(address));
}

/** How a peer is written in sentences: `service orders`, `the public`, `host example.com`, `10.0.0.0/8`. */
export function peerText(peer: Peer): string {
  if ('service' in peer) {
    return `service ${peer.service}${peer.match === undefined ? '' : ` with ${selectorText(peer.match)}`}`;
  }
  if ('match' in peer) return `an identity with ${selectorText(peer.match)}`;
  if ('builtin' in peer) return peer.builtin === 'public' ? 'the public' : 'any identity';
  if ('host' in peer) return `host ${peer.host}`;
  return peer.except === undefined ? peer.cidr : `${peer.cidr} except ${peer.except.join(', ')}`;
}

export function callerText(service: string | null): string {
  if (service === null) return 'an identity that is no service';
  return service === gatewayService ? 'the public' : `service ${service}`;
}

export function destinationText(to: Destination): string {
  return to.service !== undefined ? `service ${to.service}` : (to.host ?? to.address ?? 'an unknown address');
}
