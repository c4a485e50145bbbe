import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../base/index.js';
import { type CertificateAuthority, openCertificateAuthority } from './ca.js';
import { type CertificateTemplate, distinguishedName, type Issuer, keyIdOf, mintCertificate } from './certificate.js';
import { bits, boolean, context, element, octets, oid, oidText, readAll, readOne, sequence, tags } from './der.js';
import { type Bundles, generateKeyPair } from './svid.js';
import { verifyPeer } from './trust.js';

const ordersId = 'spiffe://shop.test/service/orders';
const now = systemClock.now();
const hour = 3_600_000;
let base: string;
let shop: CertificateAuthority;
let other: CertificateAuthority;
let bundles: Bundles;
/** A root made by hand, so that it can sign what a CA of ours never would. */
const forger = authority('shop.test');

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'tc-trust-'));
  shop = await openCertificateAuthority({ directory: join(base, 'a'), trustDomain: 'shop.test', clock: systemClock });
  other = await openCertificateAuthority({ directory: join(base, 'b'), trustDomain: 'other.test', clock: systemClock });
  bundles = { 'shop.test': shop.bundle(), 'other.test': other.bundle() };
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

test('names the workload behind a good chain', () => {
  const { chainPem, notAfter } = shop.issueSvid({
    id: ordersId,
    publicKey: generateKeyPair().publicKeyPem,
    attributes: { image: 'x' },
  });
  expect(verifyPeer(new X509Certificate(chainPem[0] ?? ''), bundles, now)).toEqual({
    kind: 'ok',
    id: ordersId,
    trustDomain: 'shop.test',
    service: 'orders',
    attributes: { image: 'x' },
    notAfter,
  });
});

test('an agent has an identity but is no service', () => {
  const { chainPem } = other.issueSvid({
    id: 'spiffe://other.test/agent/h1',
    publicKey: generateKeyPair().publicKeyPem,
  });
  const leaf = new X509Certificate(chainPem[0] ?? '');
  expect(verifyPeer(leaf, bundles, now)).toMatchObject({ kind: 'ok', service: undefined });
});

test('refuses the absence of a certificate', () => {
  expect(verifyPeer(undefined, bundles, now)).toMatchObject({ reason: 'no-identity' });
});

test("refuses a federated domain's CA that claims our identities", () => {
  const foreign = authority('other.test');
  const forged = mint(foreign.issuer, { uri: ordersId });
  const both = { 'shop.test': shop.bundle(), 'other.test': [foreign.pem] };
  expect(verifyPeer(forged, both, now)).toMatchObject({ reason: 'wrong-trust-domain' });
  // the same CA is trusted for its own names
  expect(verifyPeer(mint(foreign.issuer, { uri: 'spiffe://other.test/service/orders' }), both, now)).toMatchObject({
    kind: 'ok',
  });
});

test('follows an intermediate of the same domain; refuses one of another domain, an expired one, or none', () => {
  const trusted = { 'shop.test': [forger.pem] };
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = key.publicKey.export({ type: 'spki', format: 'der' });
  const below = (wanted: Partial<CertificateTemplate>): X509Certificate =>
    mint(forger.issuer, { kind: 'authority', commonName: 'm', publicKey, ...wanted });
  const leaf = mint(
    { name: distinguishedName('m'), keyId: keyIdOf(publicKey), key: key.privateKey },
    { uri: ordersId },
  );
  expect(verifyPeer(leaf, trusted, now, [below({ uri: 'spiffe://shop.test' })])).toMatchObject({ kind: 'ok' });
  expect(verifyPeer(leaf, trusted, now, [below({})])).toMatchObject({ kind: 'ok' });
  const foreign = below({ uri: 'spiffe://other.test' });
  expect(verifyPeer(leaf, trusted, now, [foreign])).toMatchObject({ reason: 'wrong-trust-domain' });
  const old = below({ notBefore: now - 2 * hour, notAfter: now - hour });
  expect(verifyPeer(leaf, trusted, now, [old])).toMatchObject({ reason: 'identity-expired' });
  expect(verifyPeer(leaf, trusted, now)).toMatchObject({ reason: 'wrong-trust-domain' });
});

test('refuses a chain to an unknown root or of an unknown domain', () => {
  for (const uri of [ordersId, 'spiffe://third.test/service/x', 'spiffe://constructor/service/x']) {
    expect(verifyPeer(mint(forger.issuer, { uri }), bundles, now)).toMatchObject({ reason: 'wrong-trust-domain' });
  }
});

test('a workload cannot issue identities with its own certificate', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = key.publicKey.export({ type: 'spki', format: 'der' });
  const thief = mint(forger.issuer, { uri: ordersId, publicKey, commonName: 'thief' });
  const leaf = mint(
    { name: distinguishedName('thief'), keyId: keyIdOf(publicKey), key: key.privateKey },
    { uri: 'spiffe://shop.test/service/payments' },
  );
  expect(verifyPeer(leaf, { 'shop.test': [forger.pem] }, now, [thief])).toMatchObject({ reason: 'wrong-trust-domain' });
});

test('refuses what has expired, is not valid yet, or hangs below what has expired', () => {
  const trusted = { 'shop.test': [forger.pem] };
  expect(
    verifyPeer(mint(forger.issuer, { uri: ordersId, notBefore: now - 2 * hour, notAfter: now - hour }), trusted, now),
  ).toMatchObject({ reason: 'identity-expired' });
  expect(
    verifyPeer(mint(forger.issuer, { uri: ordersId, notBefore: now + hour, notAfter: now + 2 * hour }), trusted, now),
  ).toMatchObject({ reason: 'identity-expired' });
  const late = mint(forger.issuer, { uri: ordersId, notAfter: now + 900 * 24 * hour });
  expect(verifyPeer(late, trusted, now + 800 * 24 * hour)).toMatchObject({ reason: 'identity-expired' });
});

test('the identity ends with the shortest certificate of the chain', () => {
  const long = mint(forger.issuer, { uri: ordersId, notAfter: now + 900 * 24 * hour });
  expect(verifyPeer(long, { 'shop.test': [forger.pem] }, now)).toMatchObject({ notAfter: forger.notAfter });
});

test('refuses a CA certificate used as a leaf', () => {
  const trusted = { 'shop.test': [forger.pem] };
  expect(verifyPeer(mint(forger.issuer, { kind: 'authority', uri: ordersId }), trusted, now)).toMatchObject({
    reason: 'malformed',
  });
  expect(verifyPeer(new X509Certificate(forger.pem), trusted, now)).toMatchObject({ reason: 'malformed' });
});

test('refuses a certificate without SPIFFE ID, and the console certificate', () => {
  const trusted = { 'shop.test': [forger.pem] };
  expect(verifyPeer(mint(forger.issuer, {}), trusted, now)).toMatchObject({ reason: 'no-identity' });
  expect(verifyPeer(mint(forger.issuer, { kind: 'server', names: ['localhost'] }), trusted, now)).toMatchObject({
    reason: 'no-identity',
  });
});

test.each([
  ['two URIs', names(ordersId, 'spiffe://shop.test/service/payments')],
  ['the same URI twice', names(ordersId, ordersId)],
  ['a URI with a NUL in it', names('spiffe://shop.test/service/orders\0.evil')],
  ['an alternative name that is no sequence', octets(Buffer.from('x'))],
  ['a truncated alternative name', Buffer.from([0x30, 0x10, 0x86])],
])('refuses %s', (_what, value) => {
  const odd = edited(mint(forger.issuer, { uri: ordersId }), forger.issuer.key, (extensions) =>
    extensions.map((one) => (isKind(one, '2.5.29.17') ? sequence(oid('2.5.29.17'), octets(value)) : one)),
  );
  expect(verifyPeer(odd, { 'shop.test': [forger.pem] }, now)).toMatchObject({ kind: 'refused', reason: 'malformed' });
});

test.each([
  'spiffe://Shop.test/service/orders',
  'SPIFFE://shop.test/service/orders',
  'spiffe://shop.test:443/x',
  'https://shop.test/x',
  'spiffe://shop.test',
  'spiffe://shop.test/',
  'spiffe://shop.test/a/../b',
  'spiffe://shop.test/a?b',
])('refuses the URI %s', (uri) => {
  expect(
    verifyPeer(mint(forger.issuer, { uri }), { 'shop.test': [forger.pem], 'Shop.test': [forger.pem] }, now),
  ).toMatchObject({ reason: 'malformed' });
});

test.each<[string, (extensions: Buffer[]) => Buffer[]]>([
  ['no key usage', (all) => all.filter((one) => !isKind(one, '2.5.29.15'))],
  [
    'a key usage that is not critical',
    (all) =>
      all.map((one) => (isKind(one, '2.5.29.15') ? sequence(oid('2.5.29.15'), octets(bits(Buffer.of(0x80), 7))) : one)),
  ],
  [
    'a key that may sign certificates',
    (all) =>
      all.map((one) =>
        isKind(one, '2.5.29.15') ? sequence(oid('2.5.29.15'), boolean(true), octets(bits(Buffer.of(0x84), 2))) : one,
      ),
  ],
  [
    'client authentication alone',
    (all) =>
      all.map((one) =>
        isKind(one, '2.5.29.37') ? sequence(oid('2.5.29.37'), octets(sequence(oid('1.3.6.1.5.5.7.3.2')))) : one,
      ),
  ],
  [
    'an unknown critical extension',
    (all) => [...all, sequence(oid('1.2.3.4'), boolean(true), octets(Buffer.of(5, 0)))],
  ],
  ['an extension that comes twice', (all) => [...all, ...all.slice(0, 1)]],
])('refuses a leaf with %s', (_what, edit) => {
  const odd = edited(mint(forger.issuer, { uri: ordersId }), forger.issuer.key, edit);
  expect(verifyPeer(odd, { 'shop.test': [forger.pem] }, now)).toMatchObject({ reason: 'malformed' });
});

test('a certificate altered after signing is nobody’s', () => {
  const good = mint(forger.issuer, { uri: ordersId });
  const raw = Buffer.from(good.raw);
  raw.write('admins', raw.lastIndexOf('orders'), 'latin1');
  const altered = new X509Certificate(raw);
  expect(altered.subjectAltName).toBe('URI:spiffe://shop.test/service/admins');
  expect(verifyPeer(altered, { 'shop.test': [forger.pem] }, now)).toMatchObject({ reason: 'wrong-trust-domain' });
  const resigned = edited(good, createPrivateKey(generateKeyPair().privateKeyPem), (all) => all);
  expect(verifyPeer(resigned, { 'shop.test': [forger.pem] }, now)).toMatchObject({ reason: 'wrong-trust-domain' });
});

function authority(trustDomain: string): { issuer: Issuer; pem: string; notAfter: number } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const issuer = { name: distinguishedName('root'), keyId: keyIdOf(der), key: privateKey };
  const root = mint(issuer, {
    kind: 'authority',
    commonName: 'root',
    uri: `spiffe://${trustDomain}`,
    publicKey: der,
    notAfter: now + 365 * 24 * hour,
  });
  return { issuer, pem: root.toString(), notAfter: Date.parse(root.validTo) };
}

function mint(issuer: Issuer, wanted: Partial<CertificateTemplate>): X509Certificate {
  const publicKey = createPublicKey(generateKeyPair().publicKeyPem).export({ type: 'spki', format: 'der' });
  return new X509Certificate(
    mintCertificate(
      { kind: 'svid', commonName: 'orders', publicKey, notBefore: now - hour, notAfter: now + hour, ...wanted },
      issuer,
    ),
  );
}

/** The same certificate with other extensions, signed again. */
function edited(
  certificate: X509Certificate,
  key: KeyObject,
  edit: (extensions: Buffer[]) => Buffer[],
): X509Certificate {
  const [body, algorithm] = readAll(readOne(certificate.raw).body);
  const fields = readAll(body?.body ?? Buffer.alloc(0)).map((field) => {
    if (field.tag !== 0xa3) return field.raw;
    return context(3, true, sequence(...edit(readAll(readOne(field.body).body).map((one) => one.raw))));
  });
  const signed = sequence(...fields);
  return new X509Certificate(sequence(signed, algorithm?.raw ?? Buffer.alloc(0), bits(sign('sha256', signed, key))));
}

function isKind(extension: Buffer, id: string): boolean {
  const [first] = readAll(readOne(extension).body);
  return first !== undefined && oidText(first) === id;
}

function names(...uris: string[]): Buffer {
  return element(tags.sequence, ...uris.map((uri) => context(6, false, Buffer.from(uri, 'latin1'))));
}
