/** SPIFFE IDs (SPIFFE-ID standard, sections 2.1 to 2.3): `spiffe://trust-domain/path`. */

export interface SpiffeId {
  readonly trustDomain: string;
  /** With its leading slash; empty for a trust domain's own ID. */
  readonly path: string;
}

const trustDomain = /^[a-z0-9._-]{1,255}$/;
const segment = /^[A-Za-z0-9._-]+$/;

/**
 * Parses strictly; undefined for anything the standard refuses (upper-case or empty trust domain, port, user info,
 * percent-encoding, empty or dot segments, trailing slash, query, fragment, more than 2,048 bytes).
 */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > 2_048 || !text.startsWith('spiffe://')) return undefined;
  const rest = text.slice('spiffe://'.length);
  const slash = rest.indexOf('/');
  const domain = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (!trustDomain.test(domain)) return undefined;
  if (path === '') return { trustDomain: domain, path };
  for (const part of path.slice(1).split('/')) {
    if (!segment.test(part) || part === '.' || part === '..') return undefined;
  }
  return { trustDomain: domain, path };
}

export function formatSpiffeId(id: SpiffeId): string {
  return `spiffe://${id.trustDomain}${id.path}`;
}

/** The identity of a host's agent: `spiffe://TD/agent/HOST`. */
export function agentId(trustDomainName: string, host: string): string {
  return `spiffe://${trustDomainName}/agent/${host}`;
}

/** The identity of a service's workloads: `spiffe://TD/service/NAME`. */
export function serviceId(trustDomainName: string, service: string): string {
  return `spiffe://${trustDomainName}/service/${service}`;
}

/** The service an identity belongs to, or undefined if it is none of ours. */
export function serviceOf(id: string | undefined): string | undefined {
  return id === undefined ? undefined : /^spiffe:\/\/[a-z0-9._-]+\/service\/([a-z0-9-]+)$/.exec(id)?.[1];
}
