/** The host's store of certificate authorities: one file of ours in it, named by its fingerprint, and the host's own tool. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec, printable, which } from '../../base/index.js';
import { CliError } from '../command.js';

interface HostStore {
  /** Where certificates of the administrator lie. */
  readonly folder: string;
  /** Brings what is trusted into line with the folder. */
  readonly command: string;
}

const stores: readonly HostStore[] = [
  { folder: '/usr/local/share/ca-certificates', command: 'update-ca-certificates' }, // Debian, Ubuntu, Alpine
  { folder: '/etc/pki/ca-trust/source/anchors', command: 'update-ca-trust' }, // Fedora, Red Hat
  { folder: '/usr/share/pki/trust/anchors', command: 'update-ca-certificates' }, // SUSE
];

export interface Trusted {
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  readonly file: string;
  /** False: it was so before. */
  readonly changed: boolean;
}

export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}

/** @throws CliError `refused` for what is not one self-signed certificate of an authority */
export function authorityOf(pem: string): { readonly pem: string; readonly fingerprint: string } {
  const blocks = certificatesIn(pem);
  const [only] = blocks;
  if (only === undefined || blocks.length > 1)
    throw new CliError('refused', `${blocks.length} certificates were found, and one is expected`);
  const certificate = new X509Certificate(only);
  if (!certificate.ca || !certificate.checkIssued(certificate) || !certificate.verify(certificate.publicKey))
    throw new CliError('refused', 'this is not the certificate of an authority that signed itself');
  return { pem: `${only}\n`, fingerprint: createHash('sha256').update(certificate.raw).digest('hex') };
}

/** Idempotent. @throws CliError `prerequisite` without a known store or without root */
export async function trustOnHost(pem: string): Promise<Trusted> {
  const authority = authorityOf(pem);
  const store = hostStore();
  const file = fileOf(store, authority.fingerprint);
  const changed = !existsSync(file);
  if (changed) {
    // Not under a name that ends in .crt until it is whole.
    writeFileSync(`${file}.new`, authority.pem, { mode: 0o644, flag: 'w' });
    renameSync(`${file}.new`, file);
  }
  await update(store);
  return { fingerprint: authority.fingerprint, file, changed };
}

/** Idempotent; takes away that certificate and no other. @throws CliError `prerequisite` */
export async function distrustOnHost(fingerprint: string): Promise<Trusted> {
  const store = hostStore();
  const file = fileOf(store, fingerprint);
  const changed = existsSync(file);
  if (changed && !lstatSync(file).isFile())
    throw new CliError('refused', `\`${file}\` is not a file that we put there`, {
      hint: 'look at it, and remove it by hand',
    });
  rmSync(file, { force: true });
  await update(store);
  return { fingerprint, file, changed };
}

function hostStore(): HostStore {
  for (const store of stores)
    if (existsSync(store.folder) && which(store.command) !== undefined) {
      if (process.getuid?.() === 0) return store;
      throw new CliError('prerequisite', 'the certificates that a host trusts are changed by root', {
        hint: 'use sudo',
      });
    }
  throw new CliError('prerequisite', 'this host has no store of certificates that we know', {
    hint: 'install ca-certificates, or give `keys/ca/roots.pem` to your browser or program by hand',
  });
}

function fileOf({ folder }: HostStore, fingerprint: string): string {
  return join(folder, `tricordon-${fingerprint.slice(0, 32)}.crt`);
}

async function update({ command }: HostStore): Promise<void> {
  const done = await exec(command, [], { timeoutMs: 120_000 });
  if (done.status === 0) return;
  throw new CliError('refused', `\`${command}\` failed: ${printable(done.stderr.trim(), 500)}`, {
    hint: 'run it by hand: the file is in its place',
  });
}
