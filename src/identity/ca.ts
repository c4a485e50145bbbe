/** The certificate authority of one trust domain, and the key that signs evidence. Lives in the control plane alone. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../base/index.js';
import { type Attributes, parseSpiffeId, serviceOf } from '../model/index.js';
import {
  type CertificateTemplate,
  checkAttributes,
  invalid,
  mintCertificate,
  newSerial,
  pemOf,
} from './certificate.js';
import { IdentityError } from './errors.js';
import { broken, isEncrypted, ownDirectory, privateKeyPem, readOwnFile, readPrivateKey } from './key-file.js';
import { backdate, type Root, seconds } from './root.js';
import { openRoots, type Roots } from './root-rotation.js';
import { type KeyPlace, loadKeyFile, replaceKeyFile } from './sealed-file.js';
import type { Subkey } from './sealed-key.js';
import { openSigningRing, type SigningRing } from './signing-ring.js';
import type { Bundles } from './svid.js';

const hour = 3_600_000;
const day = 24 * hour;
const defaultSvidLife = hour;
const longestSvidLife = day;
const defaultServerLife = 7 * day;
const longestServerLife = 30 * day;

export interface CaOptions {
  /** Made with mode 0700 if absent; its parent must exist. */
  readonly directory: string;
  readonly trustDomain: string;
  readonly clock: Clock;
  /** Seal the keys on disk. Without them any process of this account can take the root's key. */
  readonly subkeys?: readonly Subkey[];
  /** Encrypts the keys on disk where there are no subkeys; with subkeys it opens what was encrypted before. */
  readonly passphrase?: string;
}

export interface SvidRequest {
  /** In this CA's trust domain, with a path. */
  readonly id: string;
  /** SubjectPublicKeyInfo, PEM or DER; EC P-256. The private key never comes here. */
  readonly publicKey: string | Buffer;
  /** Common name; for a service's identity the service's name (default: taken from `id`). */
  readonly service?: string;
  /** Default one hour, at most a day. */
  readonly ttlMs?: number;
  /** Attested facts, signed into the certificate. */
  readonly attributes?: Attributes;
  readonly root?: SigningRoot;
}

/** While the root changes: the one that signs now, or the one that also those trust who were away meanwhile. */
export type SigningRoot = 'current' | 'oldest';

export interface ServerCertificateRequest {
  readonly publicKey: string | Buffer;
  /** Host names and IP addresses; the first is the common name. */
  readonly names: readonly string[];
  /** Default 7 days, at most 30. */
  readonly ttlMs?: number;
  readonly root?: SigningRoot;
}

export interface IssuedCertificate {
  /** Leaf first; the root is not in it but in `bundle()`. One certificate today: take it as a list all the same. */
  readonly chainPem: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** Hex, for the audit trail. */
  readonly serial: string;
  /** SHA-256 of the leaf as browsers show it: `AB:CD:...`. */
  readonly fingerprint: string;
  /** PEM of the root that signed it. */
  readonly root: string;
}

export interface CaExpiry {
  /** Milliseconds since the epoch. */
  readonly rootNotAfter: number;
  /** Of the root, from now; negative once it is over. */
  readonly remainingMs: number;
  /** `soon` under 30 days: `doctor` warns; `over`: nothing is issued. */
  readonly state: 'good' | 'soon' | 'over';
}

export interface CertificateAuthority {
  readonly trustDomain: string;
  /** PEM roots of this trust domain; the same list while they do not change, since verification caches by it. */
  bundle(): readonly string[];
  /** `bundle()` by trust domain, and the same object for as long. */
  bundles(): Bundles;
  /** SHA-256 of the root that signs now, hex. */
  issuer(): string;
  /** The change of the root, and where it stands. */
  readonly roots: Roots;
  issueSvid(request: SvidRequest): IssuedCertificate;
  issueServerCertificate(request: ServerCertificateRequest): IssuedCertificate;
  /** Signs evidence and the head of the audit trail; its keys are never usable for certificates. */
  readonly evidence: SigningRing;
  readonly encryptedAtRest: boolean;
  expiry(): CaExpiry;
}

/**
 * Opens the CA in `directory`, making root and evidence key on first use. The root signs leaves itself: Node 24 does
 * not show a server the intermediates that a client sent, so a chain through one could not be followed to its root.
 *
 * @throws IdentityError `ca-directory-unsafe`, `ca-broken`, `ca-passphrase-wrong`, `ca-expired`,
 * `certificate-request-invalid` (trust domain).
 */
export async function openCertificateAuthority(options: CaOptions): Promise<CertificateAuthority> {
  const { directory, trustDomain, clock, passphrase } = options;
  if (parseSpiffeId(`spiffe://${trustDomain}`)?.path !== '') throw invalid('the trust domain is not a valid name');
  if (passphrase === '') throw new IdentityError('ca-passphrase-wrong', 'the passphrase is empty');
  await ownDirectory(directory);
  const rest: KeyRest = { directory, subkeys: options.subkeys ?? [], passphrase };
  const roots = await openRoots({
    directory,
    trustDomain,
    clock,
    keys: {
      load: (name) => loadKey(rest, name, 'ec'),
      replace: (name, key) => replaceKey(rest, name, key),
    },
    leafLifeMs: longestSvidLife,
  });
  const evidence = await openSigningRing({
    directory,
    load: () => loadKey(rest, 'evidence.key.pem', 'ed25519'),
    replace: (key) => replaceKey(rest, 'evidence.key.pem', key),
  });
  checkAlive();
  let known: Bundles = { [trustDomain]: pemsOf(roots) };

  return {
    trustDomain,
    bundle: () => bundles()[trustDomain] ?? [],
    bundles,
    issuer: () => roots.signing().fingerprint,
    roots,
    issueSvid,
    issueServerCertificate,
    evidence,
    encryptedAtRest: passphrase !== undefined || rest.subkeys.length > 0,
    expiry: () => expiryOf(roots.signing().notAfter, clock.now()),
  };

  function bundles(): Bundles {
    const pems = pemsOf(roots);
    if (pems.join() !== known[trustDomain]?.join()) known = { [trustDomain]: pems };
    return known;
  }

  function issueSvid(request: SvidRequest): IssuedCertificate {
    const id = parseSpiffeId(request.id);
    if (id === undefined || id.path === '') throw invalid('an SVID needs a SPIFFE ID with a path');
    if (id.trustDomain !== trustDomain) throw invalid(`this CA speaks for \`${trustDomain}\` alone`);
    const named = serviceOf(request.id);
    const commonName = request.service ?? named ?? id.path.slice(1).slice(0, 64);
    if (named !== undefined && commonName !== named) throw invalid('the service is not the one in the SPIFFE ID');
    if (commonName.length === 0 || commonName.length > 64) throw invalid('a common name has 1 to 64 characters');
    checkAttributes(request.attributes ?? {});
    return issue(request.root, {
      kind: 'svid',
      commonName,
      uri: request.id,
      publicKey: p256(request.publicKey),
      attributes: request.attributes ?? {},
      ttlMs: lifetime(request.ttlMs ?? defaultSvidLife, longestSvidLife),
    });
  }

  function issueServerCertificate(request: ServerCertificateRequest): IssuedCertificate {
    const [first] = request.names;
    if (first === undefined || request.names.length > 64) throw invalid('a server certificate has 1 to 64 names');
    for (const name of request.names) if (!isHostName(name)) throw invalid('a name is no host name or address');
    return issue(request.root, {
      kind: 'server',
      commonName: first.slice(0, 64),
      names: request.names,
      publicKey: p256(request.publicKey),
      ttlMs: lifetime(request.ttlMs ?? defaultServerLife, longestServerLife),
    });
  }

  function checkAlive(root: Root = roots.signing()): void {
    const now = clock.now();
    if (now >= root.notBefore && now < root.notAfter) return;
    const early = now < root.notBefore;
    const date = new Date(early ? root.notBefore : root.notAfter).toISOString();
    const when = early ? `starts only on ${date}` : `ended on ${date}`;
    throw new IdentityError('ca-expired', `the root certificate of \`${trustDomain}\` ${when}`, {
      hint: 'check the clock of this host; if it is right, make a new CA and let every agent enrol again',
    });
  }

  function issue(
    by: SigningRoot | undefined,
    wanted: Omit<CertificateTemplate, 'notBefore' | 'notAfter'> & { ttlMs: number },
  ): IssuedCertificate {
    const root = by === 'oldest' ? roots.oldest() : roots.signing();
    checkAlive(root);
    const now = clock.now();
    const { ttlMs, ...template } = wanted;
    // INVARIANT: a leaf never outlives the CA above it, and starts no earlier
    const notBefore = Math.max(seconds(now - backdate), root.notBefore);
    const notAfter = Math.min(seconds(now + ttlMs), root.notAfter);
    const serial = newSerial();
    const leaf = mintCertificate({ ...template, serial, notBefore, notAfter }, root.issuer);
    return {
      chainPem: [pemOf(leaf)],
      notBefore,
      notAfter,
      serial: serial.toString('hex'),
      fingerprint: (createHash('sha256').update(leaf).digest('hex').match(/../g) ?? []).join(':').toUpperCase(),
      root: root.pem,
    };
  }
}

interface KeyRest {
  readonly directory: string;
  readonly subkeys: readonly Subkey[];
  readonly passphrase: string | undefined;
}

async function loadKey(rest: KeyRest, name: string, kind: 'ec' | 'ed25519'): Promise<KeyObject> {
  const { directory } = rest;
  const path = join(directory, name);
  if (kind === 'ec' && (await readOwnFile(directory, name)) === undefined) {
    if ((await readOwnFile(directory, name.replace('.key.', '.crt.'))) !== undefined)
      throw broken(path, 'is missing, yet its certificate is there');
  }
  const passphrase = passphraseAtRest(rest, kind);
  const pem = await loadKeyFile(keyPlace(rest, name, kind), {
    make: () => Buffer.from(privateKeyPem(generated(kind), passphrase)),
    // Sealed now, it needs no passphrase of its own any more.
    fromPlain: (found) =>
      passphrase === rest.passphrase || !isEncrypted(found)
        ? found
        : Buffer.from(privateKeyPem(readPrivateKey(path, found, rest.passphrase), undefined)),
  });
  const key = readPrivateKey(path, pem, passphrase);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType !== kind || (kind === 'ec' && curve !== 'prime256v1')) {
    throw broken(path, `holds a key of another kind than ${kind}`);
  }
  return key;
}

async function replaceKey(rest: KeyRest, name: string, key: KeyObject): Promise<void> {
  const kind = key.asymmetricKeyType === 'ec' ? 'ec' : 'ed25519';
  const pem = privateKeyPem(key, passphraseAtRest(rest, kind));
  await replaceKeyFile(keyPlace(rest, name, kind), Buffer.from(pem));
}

function generated(kind: 'ec' | 'ed25519'): KeyObject {
  const pair = kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return pair.privateKey;
}

function keyPlace({ directory, subkeys }: KeyRest, name: string, kind: 'ec' | 'ed25519'): KeyPlace {
  return { directory, name, purpose: kind === 'ec' ? 'authority' : 'evidence', subkeys };
}

/** Under a root key it is the root key that a passphrase protects. */
function passphraseAtRest({ subkeys, passphrase }: KeyRest, kind: 'ec' | 'ed25519'): string | undefined {
  const purpose = kind === 'ec' ? 'authority' : 'evidence';
  return subkeys.some((one) => one.purpose === purpose) ? undefined : passphrase;
}

/** SubjectPublicKeyInfo of EC P-256 with an uncompressed point (RFC 5480): everything before the point is fixed. */
const p256Head = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

function p256(publicKey: string | Buffer): Buffer {
  const der = typeof publicKey === 'string' ? pemBody(publicKey) : publicKey;
  if (der.length !== p256Head.length + 65 || !der.subarray(0, p256Head.length).equals(p256Head)) {
    throw invalid('the public key is not EC P-256');
  }
  try {
    // refuses a point that does not lie on the curve
    createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch (cause) {
    throw invalid('the public key cannot be read', cause);
  }
  return der;
}

function pemBody(pem: string): Buffer {
  const body = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]{1,400})-----END PUBLIC KEY-----\s*$/.exec(pem)?.[1];
  if (body === undefined) throw invalid('expected a public key in PEM and nothing else');
  return Buffer.from(body, 'base64');
}

function pemsOf(roots: Roots): readonly string[] {
  return roots.all().map(({ pem }) => pem);
}

function lifetime(ttlMs: number, longest: number): number {
  if (!Number.isFinite(ttlMs) || ttlMs < 1_000) throw invalid('a lifetime is at least one second');
  if (ttlMs > longest) throw invalid(`a lifetime is at most ${longest / hour} hours`);
  return ttlMs;
}

function expiryOf(rootNotAfter: number, now: number): CaExpiry {
  const remainingMs = rootNotAfter - now;
  const state = remainingMs <= 0 ? 'over' : remainingMs < 30 * day ? 'soon' : 'good';
  return { rootNotAfter, remainingMs, state };
}

function isHostName(name: string): boolean {
  if (isIP(name) !== 0) return !name.includes('%');
  return name.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name);
}
