/** How a host that never saw the control plane learns its authority: by the fingerprint that an invitation names. */
import { createHash, type X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { messageOf } from '../base/index.js';
import { CliError } from './command.js';

/** PEM of the root whose SHA-256 is `fingerprint`, as the server shows it. Nothing is said to the server here. */
export function authorityAt(url: URL, fingerprint: string): Promise<string> {
  const wanted = fingerprint.toLowerCase().replaceAll(':', '');
  if (!/^[0-9a-f]{64}$/.test(wanted)) {
    throw new CliError('usage', 'this is not a SHA-256 fingerprint', {
      hint: '64 hex digits, as `tricordon user invite` printed them',
    });
  }
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({
      host,
      port: Number(url.port === '' ? 443 : url.port),
      // Only the certificates are taken here, and only the one with the fingerprint is trusted afterwards.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      timeout: 15_000,
    });
    socket.once('secureConnect', () => {
      const found = chainOf(socket.getPeerX509Certificate()).find(
        (certificate) => certificate.ca && createHash('sha256').update(certificate.raw).digest('hex') === wanted,
      );
      socket.destroy();
      if (found !== undefined) return resolve(found.toString());
      reject(
        new CliError('refused', 'the control plane there is not the one whose fingerprint was given', {
          hint: 'ask who invited you for the fingerprint; do not go on without',
        }),
      );
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer within 15 s')));
    socket.once('error', (error) =>
      reject(
        new CliError('unreachable', `the control plane does not answer: ${messageOf(error)}`, {
          hint: 'look at the address, and whether `console.listen` is reachable from here',
          cause: error,
        }),
      ),
    );
  });
}

function chainOf(leaf: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let at = leaf; at !== undefined && chain.length < 8; at = at.issuerCertificate) {
    if (chain.some((seen) => seen.fingerprint256 === at?.fingerprint256)) break;
    chain.push(at);
  }
  return chain;
}
