/**
 * A key at rest under another one: AES-256-GCM, one subkey for each purpose, all of them derived from one root key
 * (HKDF-SHA-256, RFC 5869). A sealed key names its root and its purpose, and opens under nothing else.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What the subkeys are for; a process is handed those of its own keys alone. */
export const keyPurposes = ['authority', 'evidence', 'people', 'console', 'spool', 'host'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

export interface Subkey {
  readonly purpose: KeyPurpose;
  /** Of the root key that it comes from. */
  readonly rootId: string;
  readonly key: Buffer;
}

const magic = 'tricordon-sealed-key v1';
const sealed = /^tricordon-sealed-key v1 ([0-9a-f]{16}) ([a-z]{1,16}) ([\w-]+)\s*$/;
const nonceBytes = 12;
const tagBytes = 16;

export function deriveSubkey(root: Buffer, purpose: KeyPurpose): Subkey {
  return { purpose, rootId: rootIdOf(root), key: derive(root, `tricordon subkey ${purpose} v1`, 32) };
}

/** Names a root key and tells nothing about it. */
export function rootIdOf(root: Buffer): string {
  return derive(root, 'tricordon root id v1', 8).toString('hex');
}

export function sealKey({ purpose, rootId, key }: Subkey, bytes: Buffer): string {
  const head = `${magic} ${rootId} ${purpose}`;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return `${head} ${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}\n`;
}

/** Undefined when it was sealed under another subkey, or changed since. */
export function openKey(subkey: Subkey, text: string): Buffer | undefined {
  const [, rootId, purpose, body = ''] = sealed.exec(text) ?? [];
  const bytes = Buffer.from(body, 'base64url');
  if (rootId !== subkey.rootId || purpose !== subkey.purpose || bytes.length < nonceBytes + tagBytes) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', subkey.key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(Buffer.from(`${magic} ${rootId} ${purpose}`))
      .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The root key that this is sealed under; undefined for what is no sealed key. */
export function sealedUnder(text: string): { readonly rootId: string; readonly purpose: string } | undefined {
  const [, rootId, purpose] = sealed.exec(text) ?? [];
  return rootId === undefined || purpose === undefined ? undefined : { rootId, purpose };
}

function derive(root: Buffer, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), label, length));
}
