import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../base/index.js';
import { type CertificateAuthority, openCertificateAuthority } from './ca.js';
import { generateKeyPair, svidFrom } from './svid.js';

const id = 'spiffe://shop.test/service/orders';
let base: string;
let ca: CertificateAuthority;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'tc-svid-'));
  ca = await openCertificateAuthority({ directory: join(base, 'ca'), trustDomain: 'shop.test', clock: systemClock });
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

test('joins a key and the chain that was issued for it', () => {
  const keys = generateKeyPair();
  const issued = ca.issueSvid({ id, publicKey: keys.publicKeyPem, attributes: { zone: 'a' } });
  expect(svidFrom(keys.privateKeyPem, issued.chainPem, id)).toEqual({
    id,
    privateKeyPem: keys.privateKeyPem,
    chainPem: issued.chainPem,
    notBefore: issued.notBefore,
    notAfter: issued.notAfter,
    attributes: { zone: 'a' },
  });
});

test('refuses a chain for another key, another identity, none, or no chain', () => {
  const keys = generateKeyPair();
  const { chainPem } = ca.issueSvid({ id, publicKey: keys.publicKeyPem });
  const console = ca.issueServerCertificate({ publicKey: keys.publicKeyPem, names: ['localhost'] });
  const mismatch = expect.objectContaining({ code: 'svid-mismatch' });
  expect(() => svidFrom(generateKeyPair().privateKeyPem, chainPem)).toThrow(mismatch);
  expect(() => svidFrom(keys.privateKeyPem, chainPem, 'spiffe://shop.test/service/payments')).toThrow(mismatch);
  expect(() => svidFrom(keys.privateKeyPem, console.chainPem)).toThrow(mismatch);
  expect(() => svidFrom(keys.privateKeyPem, [])).toThrow(mismatch);
  expect(() => svidFrom('nonsense', chainPem)).toThrow(mismatch);
});

test('refuses a chain that holds something else than certificates', () => {
  const keys = generateKeyPair();
  const { chainPem } = ca.issueSvid({ id, publicKey: keys.publicKeyPem });
  for (const chain of [['x'], [chainPem[0] ?? '', 'x'], [keys.privateKeyPem]]) {
    expect(() => svidFrom(keys.privateKeyPem, chain)).toThrow(
      expect.objectContaining({ code: 'certificate-malformed' }),
    );
  }
});
