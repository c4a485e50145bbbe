import type { CallRoute } from '../../model/index.js';
import { ConfineError } from './errors.js';
import type { VirtualAddress } from './rung.js';

/**
 * Gives every named peer an address of 198.18.0.0/15 (RFC 2544, benchmarking: never routed), in the order of `calls`.
 * Literal IPv4 peers keep their own; `localhost` is 127.0.0.1.
 *
 * @throws ConfineError `spec-refused` for IPv6 literals, names that cannot stand in a hosts file, and two services
 * behind one address and port
 */
export function virtualAddresses(calls: readonly CallRoute[]): VirtualAddress[] {
  const byName = new Map<string, string>();
  const taken = new Map<string, string>();
  return calls.map((route) => {
    const address = addressOf(route.host, byName);
    const key = `${address}:${route.port}`;
    const other = taken.get(key);
    if (other !== undefined && other !== route.service) {
      throw new ConfineError('spec-refused', `\`${route.host}:${route.port}\` is both ${other} and ${route.service}`, {
        hint: 'give the two services different names or ports in --calls',
      });
    }
    taken.set(key, route.service);
    return { route, address, port: route.port };
  });
}

/** The lines of a workload's own `/etc/hosts`. */
export function hostsFile(service: string, hostname: string, addresses: readonly VirtualAddress[]): string {
  const lines = ['127.0.0.1 localhost', `127.0.0.1 ${[service, hostname].filter(isName).join(' ')}`];
  const names = new Map<string, string>();
  for (const { route, address } of addresses) if (isName(route.host)) names.set(route.host.toLowerCase(), address);
  for (const [name, address] of names) if (name !== 'localhost') lines.push(`${address} ${name}`);
  return `${lines.join('\n')}\n`;
}

function addressOf(host: string, byName: Map<string, string>): string {
  const name = host.toLowerCase();
  if (name === 'localhost') return '127.0.0.1';
  if (isIpv4(name)) return name;
  if (!isName(name)) {
    throw new ConfineError('spec-refused', `\`${host}\` is neither a host name nor an IPv4 address`, {
      hint: 'a captured workload has no IPv6: name the peer in --calls by name or IPv4 address',
    });
  }
  const known = byName.get(name);
  if (known !== undefined) return known;
  const number = byName.size + 1;
  const address = `198.18.${(number >> 8) & 255}.${number & 255}`;
  byName.set(name, address);
  return address;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** RFC 1123, underscores allowed since container names have them; a last label of digits only would be an address. */
function isName(text: string): boolean {
  if (text.length > 253 || /(^|\.)\d+$/.test(text)) return false;
  return text.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
}
