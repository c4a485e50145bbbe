/** Time-based one-time passwords: RFC 6238 with SHA-1, 30 seconds and six digits, as authenticator apps expect. */
import { createHmac } from 'node:crypto';
import { sameSecret } from './same-secret.js';

const stepMs = 30_000;
/** Clocks of phones differ: one step to either side (RFC 6238 section 5.2). */
const window = 1;

/** HOTP of RFC 4226 section 5.3 for one step of time. */
export function codeAt(secret: Buffer, step: number, digits = 6): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', secret).update(counter).digest();
  const offset = (hash[hash.length - 1] ?? 0) & 0x0f;
  const number = (hash.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
}

export function stepAt(ms: number): number {
  return Math.floor(ms / stepMs);
}

/** The step that a code is of; undefined when it is of none that counts now. Looks at all of them, whichever fits. */
export function stepOf(secret: Buffer, code: string, now: number): number | undefined {
  let found: number | undefined;
  for (let step = stepAt(now) - window; step <= stepAt(now) + window; step += 1) {
    if (sameSecret(codeAt(secret, Math.max(0, step)), code)) found = step;
  }
  return found;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 section 6, without padding. */
export function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet[(value >>> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}

/** What authenticator apps read from a QR code. */
export function totpUri(secret: Buffer, account: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}`;
}
