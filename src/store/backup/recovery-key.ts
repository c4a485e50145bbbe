/** The key that opens backups. Its private part is shown once and never kept by us: what we keep can only seal. */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { StoreError } from '../store-error.js';

const privatePrefix = 'tricordon-recovery-key-1:';
const publicPrefix = 'tricordon-recovery-public-1:';

export interface RecoveryKey {
  /** One line; whoever has it opens every backup sealed to its public part. */
  readonly secret: string;
  /** One line; seals, and opens nothing. */
  readonly recipient: string;
}

/** X25519 (RFC 7748). */
export function makeRecoveryKey(): RecoveryKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const { d } = privateKey.export({ format: 'jwk' });
  return { secret: `${privatePrefix}${d}`, recipient: `${publicPrefix}${rawOf(publicKey).toString('base64url')}` };
}

/** @throws StoreError `recovery-key` */
export function readRecoverySecret(text: string): KeyObject {
  const raw = read(text, privatePrefix, 'recovery key');
  // RFC 8410 section 7: the key inside its fixed PKCS #8 frame.
  const frame = Buffer.from('302e020100300506032b656e04220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([frame, raw]), format: 'der', type: 'pkcs8' });
}

/** @throws StoreError `recovery-key` */
export function readRecipient(text: string): KeyObject {
  return publicOf(read(text, publicPrefix, 'public part of a recovery key'));
}

/** 32 bytes. */
export function rawOf(key: KeyObject): Buffer {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}

/** 32 bytes that both sides find. @throws StoreError `recovery-key` for a point that would make it known to all. */
export function sharedSecret(own: KeyObject, other: Buffer): Buffer {
  const shared = attempt(() => diffieHellman({ privateKey: own, publicKey: publicOf(other) }));
  // RFC 7748 section 6.1: a point of small order gives zero.
  if (shared === undefined || shared.every((byte) => byte === 0))
    throw new StoreError('recovery-key', 'the key in this backup is none', { hint: 'it was not made by tricordon' });
  return shared;
}

function publicOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') }, format: 'jwk' });
}

function read(text: string, prefix: string, what: string): Buffer {
  const line = text.trim();
  const raw = Buffer.from(line.slice(prefix.length), 'base64url');
  if (line.startsWith(prefix) && raw.length === 32) return raw;
  throw new StoreError('recovery-key', `this is not a ${what}`, {
    hint: 'one line, as `tricordon backup key` wrote it',
  });
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
