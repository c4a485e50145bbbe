/** An X.509-SVID with its private key, as one process holds it in memory. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { Attributes } from '../model/index.js';
import { readCertificate } from './certificate-facts.js';
import { IdentityError } from './errors.js';

/** PEM certificates of the roots by trust domain: the shape in `PlaneSnapshot.bundles`. */
export type Bundles = Readonly<Record<string, readonly string[]>>;

export interface KeyPair {
  /** PKCS#8 PEM, EC P-256. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo PEM. */
  readonly publicKeyPem: string;
}

/** Immutable: a rotation makes a new one (TLS contexts are cached by object). */
export interface Svid {
  /** `spiffe://trust-domain/path`. */
  readonly id: string;
  /** PKCS#8 PEM. */
  readonly privateKeyPem: string;
  /** PEM certificates, leaf first; without the root. */
  readonly chainPem: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly attributes: Attributes;
}

export function generateKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}

/**
 * Joins a key and the chain issued for it.
 *
 * @throws IdentityError `svid-mismatch` when the leaf is for another key, has not exactly one SPIFFE ID, or not
 * `expectedId`; `certificate-malformed` when a certificate cannot be read.
 */
export function svidFrom(privateKeyPem: string, chainPem: readonly string[], expectedId?: string): Svid {
  const [leafPem] = chainPem;
  if (leafPem === undefined) throw new IdentityError('svid-mismatch', 'the chain is empty');
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(leafPem);
    for (const pem of chainPem.slice(1)) new X509Certificate(pem);
  } catch (cause) {
    throw new IdentityError('certificate-malformed', 'the chain holds something that is no certificate', { cause });
  }
  const facts = readCertificate(leaf.raw);
  const [id, ...others] = facts.uris;
  if (id === undefined || others.length > 0) {
    throw new IdentityError('svid-mismatch', `the certificate carries ${facts.uris.length} URIs instead of one`);
  }
  if (expectedId !== undefined && id !== expectedId) {
    throw new IdentityError('svid-mismatch', `the certificate is for \`${id}\`, not for \`${expectedId}\``);
  }
  if (!belongs(leaf, privateKeyPem)) {
    throw new IdentityError('svid-mismatch', 'the certificate is for another key');
  }
  return {
    id,
    privateKeyPem,
    chainPem: [...chainPem],
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    attributes: facts.attributes,
  };
}

function belongs(leaf: X509Certificate, privateKeyPem: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}
