/** Which roots a bundle holds, and which of them stands above a certificate. */
import { createHash, X509Certificate } from 'node:crypto';
import type { Svid } from './svid.js';

/** SHA-256 of the certificate, hex: what people compare. */
export function rootFingerprint(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

/** Fingerprint of the root that signed the SVID; undefined when it is none of these. */
export function rootAbove({ chainPem }: Pick<Svid, 'chainPem'>, roots: readonly string[]): string | undefined {
  const leaf = new X509Certificate(chainPem[0] ?? '');
  const above = roots.find((pem) => {
    const root = new X509Certificate(pem);
    return leaf.checkIssued(root) && leaf.verify(root.publicKey);
  });
  return above === undefined ? undefined : rootFingerprint(above);
}
