/** What every answer carries, so that the console is only ever itself. */
import type { FastifyReply } from 'fastify';

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  'report-uri /csp-report',
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // One year: the origin has no plain HTTP side. Browsers ignore it for bare IP addresses (RFC 6797 section 8.1.1).
  'strict-transport-security': 'max-age=31536000',
};

export function secure(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
}
/** The same for an answer written past fastify (event streams). */
export function secureHeaders(): Readonly<Record<string, string>> {
  return headers;
}
