/** The certificates of our two listeners. The console's is kept on disk, so that its fingerprint outlives a restart. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { codeOf } from '../base/index.js';
import {
  type CertificateAuthority,
  IdentityError,
  type KeyPlace,
  keyText,
  openKeyText,
  type Subkey,
} from '../identity/index.js';
import type { ServerConfig } from './config.js';

export interface KeyAndChain {
  readonly key: string;
  /** PEM, leaf first, root last: an agent that enrols checks the root's fingerprint before it says its token. */
  readonly cert: string;
  /** The root above it, PEM. */
  readonly root: string;
  readonly notAfter: number;
  /** SHA-256 of the leaf, `AB:CD:...`. */
  readonly fingerprint: string;
}

const day = 86_400_000;
/** Leaves live 14 days at most; a new one is made when fewer than two are left. */
const consoleLifeMs = 13 * day;
export const renewBeforeMs = 2 * day;

export function listenerNames(config: ServerConfig): string[] {
  const bound = [config.console.address, config.agents.address].filter((name) => name !== '0.0.0.0' && name !== '::');
  const names = ['localhost', '127.0.0.1', '::1', ...bound, ...config.names];
  return [...new Set(config.advertise === null ? names : [...names, config.advertise])];
}

/** The console's certificate: the one on disk while it is good, else a new one. */
export async function consoleCertificate(
  authority: CertificateAuthority,
  config: ServerConfig,
  subkeys: readonly Subkey[],
  now: number,
): Promise<KeyAndChain> {
  const names = listenerNames(config);
  const place = consolePlace(config, subkeys);
  const kept = await readKept(place);
  const root = authority.roots.oldest().pem;
  if (kept !== undefined && isGood(kept, root, names, now)) {
    if (!kept.current) await keep(place, kept.key, kept.cert);
    return describe(kept.key, kept.cert, root);
  }
  return newConsoleCertificate(authority, config, subkeys);
}

/** Another key and certificate in the place of those on disk, whole or not at all. */
export async function newConsoleCertificate(
  authority: CertificateAuthority,
  config: ServerConfig,
  subkeys: readonly Subkey[],
): Promise<KeyAndChain> {
  const place = consolePlace(config, subkeys);
  const { key, publicKey } = newKey();
  const issued = authority.issueServerCertificate({
    publicKey,
    names: listenerNames(config),
    ttlMs: consoleLifeMs,
    root: 'oldest',
  });
  const cert = [...issued.chainPem, issued.root].join('');
  await keep(place, key, cert);
  return describe(key, cert, issued.root);
}

function consolePlace(config: ServerConfig, subkeys: readonly Subkey[]): KeyPlace {
  return { directory: config.keysDir, name: 'console.pem', purpose: 'console', subkeys };
}

/** The agents' side of us is an SVID, `spiffe://TD/control-plane`: agents check who we are as everyone here does. */
export function controlPlaneSvid(authority: CertificateAuthority): KeyAndChain {
  const { key, publicKey } = newKey();
  const id = `spiffe://${authority.trustDomain}/control-plane`;
  const issued = authority.issueSvid({ id, publicKey, ttlMs: day, root: 'oldest' });
  return describe(key, [...issued.chainPem, issued.root].join(''), issued.root);
}

function newKey(): { key: string; publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function describe(key: string, cert: string, root: string): KeyAndChain {
  const leaf = new X509Certificate(cert);
  return { key, cert, root, notAfter: Date.parse(leaf.validTo), fingerprint: leaf.fingerprint256 };
}

async function keep(place: KeyPlace, key: string, cert: string): Promise<void> {
  const path = join(place.directory, place.name);
  await writeFile(`${path}.new`, `${keyText(place, key)}${cert}`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}

interface Kept {
  readonly key: string;
  readonly cert: string;
  /** Sealed as it should be. */
  readonly current: boolean;
}

async function readKept(place: KeyPlace): Promise<Kept | undefined> {
  try {
    const text = await readFile(join(place.directory, place.name), 'utf8');
    const at = text.indexOf('-----BEGIN CERTIFICATE-----');
    if (at <= 0) return undefined;
    const { text: key, current } = openKeyText(place, text.slice(0, at));
    return { key, cert: text.slice(at), current };
  } catch (error) {
    // One that does not open is replaced as one that ended is.
    if (codeOf(error) === 'ENOENT' || error instanceof IdentityError) return undefined;
    throw error;
  }
}

function isGood(kept: { key: string; cert: string }, root: string, names: readonly string[], now: number): boolean {
  try {
    const leaf = new X509Certificate(kept.cert);
    return (
      leaf.checkPrivateKey(createPrivateKey(kept.key)) &&
      kept.cert.includes(root.trim()) &&
      Date.parse(leaf.validFrom) <= now &&
      Date.parse(leaf.validTo) - now > renewBeforeMs &&
      names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined)
    );
  } catch {
    return false; // a torn or foreign file: the same as none
  }
}
