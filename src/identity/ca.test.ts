import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec, manualClock, systemClock, which } from '../base/index.js';
import { attributesOid } from './certificate.js';
import { readCertificate } from './certificate-facts.js';
import { type CaOptions, openCertificateAuthority } from './ca.js';
import { generateKeyPair } from './svid.js';

const day = 24 * 3_600_000;
const ordersId = 'spiffe://shop.test/service/orders';
let base: string;
let options: CaOptions;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tc-ca-'));
  options = { directory: join(base, 'keys'), trustDomain: 'shop.test', clock: systemClock };
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test('a leaf carries one identity, the service as common name, and only what an SVID may', async () => {
  const ca = await openCertificateAuthority(options);
  const issued = ca.issueSvid({
    id: ordersId,
    publicKey: generateKeyPair().publicKeyPem,
    attributes: { image: 'sha256:ab', zone: 'β' },
  });
  const leaf = new X509Certificate(issued.chainPem[0] ?? '');
  expect(leaf.subject).toBe('O=Tricordon\nCN=orders');
  expect(leaf.subjectAltName).toBe(`URI:${ordersId}`);
  expect(leaf.ca).toBe(false);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  const facts = readCertificate(leaf.raw);
  expect(facts.keyUsage).toEqual({ critical: true, digitalSignature: true, keyCertSign: false, crlSign: false });
  expect(facts.attributes).toEqual({ image: 'sha256:ab', zone: 'β' });
  expect(facts.notAfter - facts.notBefore).toBeLessThanOrEqual(3_661_000);
  expect(issued).toMatchObject({ notBefore: facts.notBefore, notAfter: facts.notAfter });
  expect(issued.serial).toBe(leaf.serialNumber.toLowerCase().padStart(32, '0'));
  expect(issued.fingerprint).toBe(leaf.fingerprint256);
});

test('node and openssl follow the chain to the root', async () => {
  const ca = await openCertificateAuthority(options);
  const issued = ca.issueSvid({ id: ordersId, publicKey: generateKeyPair().publicKeyPem, attributes: { a: 'b' } });
  const [leaf = ''] = issued.chainPem;
  const [root = ''] = ca.bundle();
  const [x, y] = [new X509Certificate(leaf), new X509Certificate(root)];
  expect(x.checkIssued(y) && x.verify(y.publicKey) && y.checkIssued(y) && y.verify(y.publicKey)).toBe(true);
  if (which('openssl') === undefined) return;
  for (const [name, pem] of Object.entries({ leaf, root })) writeFileSync(join(base, name), pem);
  const purposes = ['sslclient', 'sslserver'];
  for (const purpose of purposes) {
    const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'root', 'leaf'];
    const done = await exec('openssl', args, { cwd: base });
    expect(done.stdout + done.stderr).toContain('leaf: OK');
  }
  const text = await exec('openssl', ['x509', '-in', 'leaf', '-noout', '-text'], { cwd: base });
  expect(text.stdout).toContain(`URI:${ordersId}`);
  expect(text.stdout).toContain(attributesOid);
});

test('a console certificate names hosts and addresses and is no identity', async () => {
  const ca = await openCertificateAuthority(options);
  const issued = ca.issueServerCertificate({
    publicKey: generateKeyPair().publicKeyPem,
    names: ['localhost', '127.0.0.1', '::1', '2001:db8::a:0:1'],
  });
  const leaf = new X509Certificate(issued.chainPem[0] ?? '');
  expect(leaf.subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:A:0:1',
  );
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(leaf.checkHost('localhost')).toBe('localhost');
  expect(issued.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test('the same root and evidence key come back after a restart, with or without a passphrase', async () => {
  for (const extra of [{}, { passphrase: 'correct horse' }]) {
    const own = { ...options, directory: join(base, `keys${Object.keys(extra).length}`), ...extra };
    const first = await openCertificateAuthority(own);
    const second = await openCertificateAuthority(own);
    expect(second.bundle()).toEqual(first.bundle());
    const signature = first.evidence.sign(Buffer.from('manifest'));
    expect(second.evidence.verify(Buffer.from('manifest'), signature)).toBe(true);
    expect(second.evidence.verify(Buffer.from('manifesT'), signature)).toBe(false);
    expect(second.evidence.verify(Buffer.from('manifest'), signature.subarray(1))).toBe(false);
    expect(second.evidence.keys().at(-1)?.publicKey).toBe(first.evidence.keys().at(-1)?.publicKey);
    expect(second.encryptedAtRest).toBe('passphrase' in extra);
  }
});

test('two processes that open a new directory at once end with one root', async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => openCertificateAuthority(options)));
  expect(new Set(opened.map((ca) => ca.bundle()[0])).size).toBe(1);
  expect(new Set(opened.map((ca) => ca.evidence.keys().at(-1)?.publicKey)).size).toBe(1);
  expect(readdirSync(options.directory).sort()).toEqual([
    ...['evidence.key.pem', 'root.crt.pem', 'root.key.pem', 'roots.pem'],
  ]);
});

test('keys are readable by their owner alone', async () => {
  await openCertificateAuthority(options);
  expect(statSync(options.directory).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(options.directory))
    expect(statSync(join(options.directory, name)).mode & 0o777).toBe(0o600);
});

test('refuses a directory that others can enter, that is a file, a link, or another account has', async () => {
  mkdirSync(options.directory, { mode: 0o755 });
  chmodSync(options.directory, 0o750);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-directory-unsafe' });
  writeFileSync(join(base, 'file'), '');
  await expect(openCertificateAuthority({ ...options, directory: join(base, 'file') })).rejects.toMatchObject({
    code: 'ca-directory-unsafe',
  });
  mkdirSync(join(base, 'real'), { mode: 0o700 });
  symlinkSync('real', join(base, 'link'));
  await expect(openCertificateAuthority({ ...options, directory: join(base, 'link') })).rejects.toMatchObject({
    code: 'ca-directory-unsafe',
  });
  await expect(openCertificateAuthority({ ...options, directory: join(base, 'no/parent') })).rejects.toMatchObject({
    code: 'ca-directory-unsafe',
  });
  const foreign = join(base, 'foreign');
  mkdirSync(foreign, { mode: 0o700 });
  if (process.geteuid?.() === 0) chownSync(foreign, 65_534, 65_534);
  const directory = process.geteuid?.() === 0 ? foreign : '/usr';
  await expect(openCertificateAuthority({ ...options, directory })).rejects.toMatchObject({
    code: 'ca-directory-unsafe',
    message: expect.stringContaining('belongs to uid'),
  });
});

test('refuses broken, readable, oversized, missing and exchanged files', async () => {
  await openCertificateAuthority(options);
  const key = join(options.directory, 'root.key.pem');
  chmodSync(key, 0o644);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-directory-unsafe' });
  chmodSync(key, 0o600);
  writeFileSync(key, 'not a key');
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-broken' });
  writeFileSync(key, Buffer.alloc(70_000, 65));
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-broken' });
  writeFileSync(key, generateKeyPair().privateKeyPem);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({
    code: 'ca-broken',
    message: expect.stringContaining('does not belong'),
  });
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(key, rsa.privateKey);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-broken' });
  rmSync(key);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-broken' });
  mkdirSync(key);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-broken' });
});

test('refuses a root of another trust domain', async () => {
  await openCertificateAuthority(options);
  await expect(openCertificateAuthority({ ...options, trustDomain: 'other.test' })).rejects.toMatchObject({
    code: 'ca-broken',
  });
  await expect(openCertificateAuthority({ ...options, trustDomain: 'Shop.Test' })).rejects.toMatchObject({
    code: 'certificate-request-invalid',
  });
});

test('refuses a wrong, missing, empty or needless passphrase', async () => {
  const locked = { ...options, passphrase: 'correct horse' };
  await openCertificateAuthority(locked);
  await expect(openCertificateAuthority(options)).rejects.toMatchObject({ code: 'ca-passphrase-wrong' });
  for (const passphrase of ['wrong', '', 'correct horse ']) {
    await expect(openCertificateAuthority({ ...options, passphrase })).rejects.toMatchObject({
      code: 'ca-passphrase-wrong',
    });
  }
  const open = { ...options, directory: join(base, 'open') };
  await openCertificateAuthority(open);
  await expect(openCertificateAuthority({ ...open, passphrase: 'x' })).rejects.toMatchObject({
    code: 'ca-passphrase-wrong',
  });
});

test('signs nothing for a foreign domain, a bare domain, another key type or an odd request', async () => {
  const ca = await openCertificateAuthority(options);
  const { publicKeyPem, privateKeyPem } = generateKeyPair();
  const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const good = { id: ordersId, publicKey: publicKeyPem };
  const offCurve = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  offCurve[offCurve.length - 1] = (offCurve[offCurve.length - 1] ?? 0) ^ 1;
  const bad = [
    { ...good, id: 'spiffe://other.test/service/orders' },
    { ...good, id: 'spiffe://shop.test' },
    { ...good, id: 'spiffe://shop.test/service/orders/../payments' },
    { ...good, service: 'payments' },
    { ...good, publicKey: ed25519 },
    { ...good, publicKey: privateKeyPem },
    { ...good, publicKey: 'nonsense' },
    { ...good, publicKey: Buffer.from([0x30, 0x03]) },
    { ...good, publicKey: offCurve },
    { ...good, ttlMs: 0 },
    { ...good, ttlMs: Number.NaN },
    { ...good, ttlMs: 2 * day },
    { ...good, attributes: { 'Upper Case': 'x' } },
    { ...good, attributes: { long: 'x'.repeat(513) } },
    { ...good, attributes: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`a${index}`, ''])) },
  ];
  for (const request of bad) {
    expect(() => ca.issueSvid(request), JSON.stringify(request)).toThrow(
      expect.objectContaining({ code: 'certificate-request-invalid' }),
    );
  }
  for (const names of [[], ['*'], ['a b'], ['fe80::1%eth0'], [`${'a'.repeat(64)}.test`]]) {
    expect(() => ca.issueServerCertificate({ publicKey: publicKeyPem, names })).toThrow(
      expect.objectContaining({ code: 'certificate-request-invalid' }),
    );
  }
  const der = createPublicKey(createPrivateKey(privateKeyPem)).export({ type: 'spki', format: 'der' });
  expect(ca.issueSvid({ ...good, publicKey: der }).chainPem).toHaveLength(1);
});

test('nothing outlives the root, and after it nothing is issued', async () => {
  const clock = manualClock();
  const ca = await openCertificateAuthority({ ...options, clock });
  const { publicKeyPem } = generateKeyPair();
  const { rootNotAfter } = ca.expiry();
  expect(ca.expiry()).toMatchObject({ state: 'good' });
  clock.advance(rootNotAfter - clock.now() - 60_000);
  expect(ca.issueSvid({ id: ordersId, publicKey: publicKeyPem }).notAfter).toBe(rootNotAfter);
  expect(ca.expiry().state).toBe('soon');
  clock.advance(120_000);
  expect(() => ca.issueSvid({ id: ordersId, publicKey: publicKeyPem })).toThrow(
    expect.objectContaining({ code: 'ca-expired' }),
  );
  expect(ca.expiry().state).toBe('over');
  await expect(openCertificateAuthority({ ...options, clock })).rejects.toMatchObject({ code: 'ca-expired' });
});

test('a clock set back before the root began issues nothing; set back a little, leaves start no earlier than the root', async () => {
  const clock = manualClock();
  const ca = await openCertificateAuthority({ ...options, clock });
  const root = readCertificate(new X509Certificate(ca.bundle()[0] ?? '').raw);
  const request = { id: ordersId, publicKey: generateKeyPair().publicKeyPem };
  clock.advance(-30_000);
  expect(ca.issueSvid(request)).toMatchObject({ notBefore: root.notBefore });
  clock.advance(-10 * day);
  expect(() => ca.issueSvid(request)).toThrow(expect.objectContaining({ code: 'ca-expired' }));
});
