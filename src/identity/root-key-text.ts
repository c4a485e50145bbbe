/** How a root key is written: one line, as it is or under a passphrase (scrypt, RFC 7914, and AES-256-GCM). */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { rootIdOf } from './sealed-key.js';

export interface ProtectedRootKey {
  readonly id: string;
  /** Null: not protected. */
  readonly salt: Buffer | null;
  readonly body: Buffer;
}

const line = /^tricordon-root-key v1 ([0-9a-f]{16}) (?:plain|scrypt ([\w-]{22})) ([\w-]{43,120})\n$/;
/** 128 MiB and about half a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 << 20 };

export function protectRoot(root: Buffer, passphrase: string | undefined): string {
  const id = rootIdOf(root);
  if (passphrase === undefined) return `tricordon-root-key v1 ${id} plain ${root.toString('base64url')}\n`;
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', stretched(passphrase, salt), nonce, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(id));
  const text = Buffer.concat([cipher.update(root), cipher.final()]);
  const body = Buffer.concat([nonce, cipher.getAuthTag(), text]);
  return `tricordon-root-key v1 ${id} scrypt ${salt.toString('base64url')} ${body.toString('base64url')}\n`;
}

/** Undefined for what is no root key. */
export function readProtected(text: string): ProtectedRootKey | undefined {
  const [, id, salt, body] = line.exec(text) ?? [];
  if (id === undefined || body === undefined) return undefined;
  return { id, salt: salt === undefined ? null : Buffer.from(salt, 'base64url'), body: Buffer.from(body, 'base64url') };
}

/** Undefined when it was changed, or for another passphrase. */
export function unprotectRoot(
  { id, salt, body }: ProtectedRootKey,
  passphrase: string | undefined,
): Buffer | undefined {
  if (salt === null) return body.length === 32 ? body : undefined;
  if (passphrase === undefined || body.length !== 60) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', stretched(passphrase, salt), body.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAAD(Buffer.from(id)).setAuthTag(body.subarray(12, 28));
    return Buffer.concat([decipher.update(body.subarray(28)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function stretched(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase, salt, 32, cost);
}
