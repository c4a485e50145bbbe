/** One root certificate with its key: what signs everything in a trust domain. */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/index.js';
import {
  type CertificateTemplate,
  distinguishedName,
  type Issuer,
  keyIdOf,
  mintCertificate,
  pemOf,
} from './certificate.js';
import { readCertificate } from './certificate-facts.js';
import { broken, createOwnFile, readOwnFile } from './key-file.js';
import { rootFingerprint } from './roots.js';

const rootLife = 365 * 86_400_000;
/** Hosts' clocks differ a little: what is issued is valid from a minute ago. */
export const backdate = 60_000;

export interface Root {
  readonly pem: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuer: Issuer;
}

/** Makes the certificate when there is none. @throws IdentityError `ca-broken` for one that does not fit */
export async function loadRoot(
  directory: string,
  name: string,
  key: KeyObject,
  options: { readonly trustDomain: string; readonly clock: Clock },
): Promise<Root> {
  const { trustDomain } = options;
  const path = join(directory, name);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if ((await readOwnFile(directory, name)) === undefined)
    await createOwnFile(directory, name, mintRoot(key, publicKey, options));
  const pem = (await readOwnFile(directory, name))?.toString('latin1') ?? '';
  let certificate: X509Certificate;
  let facts: ReturnType<typeof readCertificate>;
  try {
    certificate = new X509Certificate(pem);
    facts = readCertificate(certificate.raw);
  } catch (cause) {
    throw broken(path, 'holds no certificate', cause);
  }
  if (!certificate.checkPrivateKey(key)) throw broken(path, 'does not belong to the root key');
  if (facts.uris.length !== 1 || facts.uris[0] !== `spiffe://${trustDomain}`) {
    throw broken(path, `is the root of another trust domain than \`${trustDomain}\``);
  }
  const written = pemOf(certificate.raw);
  return {
    pem: written,
    fingerprint: rootFingerprint(written),
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    issuer: { name: facts.subject, keyId: keyIdOf(publicKey), key },
  };
}

function mintRoot(
  key: KeyObject,
  publicKey: Buffer,
  { trustDomain, clock }: { readonly trustDomain: string; readonly clock: Clock },
): string {
  const commonName = `${trustDomain} root`.slice(-64);
  const now = clock.now();
  const template: CertificateTemplate = {
    kind: 'authority',
    commonName,
    uri: `spiffe://${trustDomain}`,
    publicKey,
    notBefore: seconds(now - backdate),
    notAfter: seconds(now + rootLife),
  };
  return pemOf(mintCertificate(template, { name: distinguishedName(commonName), keyId: keyIdOf(publicKey), key }));
}

/** Certificates know whole seconds. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
