/** Whom a `from` or `to` means, as predicates. */
import { BlockList, isIP } from 'node:net';
import type { Peer } from '../../model/index.js';

/** The service that brings the public in: its identity stands for "anyone outside". */
export const gatewayService = 'gateway';

/**
 * Matches an authenticated caller by the service of its identity. `public` is who comes through the gateway;
 * `any-identity` is every other proved identity, also one that is no service (null): the public has proved nothing.
 * Peers given by host or address never match here: an address is not an identity.
 */
export function callerMatcher(peers: readonly Peer[]): (service: string | null) => boolean {
  const names = new Set<string>();
  let any = false;
  for (const peer of peers) {
    if ('service' in peer) names.add(peer.service);
    if ('builtin' in peer) {
      if (peer.builtin === 'public') names.add(gatewayService);
      else any = true;
    }
  }
  const only = names.size === 1 ? [...names][0] : undefined;
  if (!any && only !== undefined) return (service) => service === only;
  return (service) => (service !== null && names.has(service)) || (any && service !== gatewayService);
}

/** Where a connection goes, as far as it is known. `service` only when the peer's identity is or will be proved. */
export interface Destination {
  readonly service?: string | undefined;
  /** The name the workload dialled, lower case. */
  readonly host?: string | undefined;
  /** IPv4 or IPv6 literal. */
  readonly address?: string | undefined;
}

/** An allow: what is not known does not match. */
export function destinationMatcher(peer: Peer): (to: Destination) => boolean {
  if ('service' in peer) return (to) => to.service === peer.service;
  if ('builtin' in peer) {
    return peer.builtin === 'any-identity' ? (to) => to.service !== undefined : () => false;
  }
  if ('host' in peer) {
    const matches = hostMatcher(peer.host);
    return (to) => to.host !== undefined && matches(to.host);
  }
  const inside = cidrMatcher(peer.cidr);
  return (to) => to.address !== undefined && inside(to.address);
}

/**
 * A deny: what is not known matches (fail closed), with one limit: a destination whose identity is proved is known by
 * that identity, so a deny by name or address does not reach it unless the name or address is given and matches.
 */
export function deniedDestinationMatcher(peer: Peer): (to: Destination) => boolean {
  const matches = destinationMatcher(peer);
  if ('host' in peer) return (to) => matches(to) || (to.host === undefined && to.service === undefined);
  if ('cidr' in peer) return (to) => matches(to) || (to.address === undefined && to.service === undefined);
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

/** How a peer is written in sentences: `service orders`, `the public`, `host example.com`, `10.0.0.0/8`. */
export function peerText(peer: Peer): string {
  if ('service' in peer) return `service ${peer.service}`;
  if ('builtin' in peer) return peer.builtin === 'public' ? 'the public' : 'any identity';
  return 'host' in peer ? `host ${peer.host}` : peer.cidr;
}

export function callerText(service: string | null): string {
  if (service === null) return 'an identity that is no service';
  return service === gatewayService ? 'the public' : `service ${service}`;
}

export function destinationText(to: Destination): string {
  return to.service !== undefined ? `service ${to.service}` : (to.host ?? to.address ?? 'an unknown address');
}
