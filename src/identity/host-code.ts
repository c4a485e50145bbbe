/** The sealed code of a host, which breaks the glass there while the control plane is away. */
import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * What is kept of it, hex: with its host, so that it opens nothing elsewhere. Its 160 random bits need no slow hash. Case,
 * dashes and blanks do not matter: it is typed from paper.
 */
export function hostCodeHash(host: string, code: string): string {
  const typed = code.toLowerCase().replace(/[^0-9a-z]/g, '');
  return createHash('sha256').update(`tricordon break-glass\n${host}\n${typed}`).digest('hex');
}

/** In constant time. */
export function isHostCode(host: string, code: string, hash: string): boolean {
  const given = Buffer.from(hostCodeHash(host, code), 'hex');
  const kept = Buffer.from(hash, 'hex');
  return given.length === kept.length && timingSafeEqual(given, kept);
}
