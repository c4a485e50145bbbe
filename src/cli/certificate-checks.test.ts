import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec, manualClock } from '../base/index.js';
import { generateKeyPair, openCertificateAuthority } from '../identity/index.js';
import { certificateChecks } from './certificate-checks.js';

const day = 86_400_000;
const clock = manualClock();
let dataDir: string;
let rootEnd: number;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tc-keys-'));
  mkdirSync(join(dataDir, 'keys'), { mode: 0o700 });
  mkdirSync(join(dataDir, 'agent'));
  const ca = await openCertificateAuthority({ directory: join(dataDir, 'keys/ca'), trustDomain: 'a.test', clock });
  const { chainPem, notAfter } = ca.issueServerCertificate({
    publicKey: generateKeyPair().publicKeyPem,
    names: ['localhost'],
    ttlMs: 14 * day,
  });
  expect(notAfter).toBeGreaterThan(clock.now());
  writeFileSync(
    join(dataDir, 'keys/ca/console.pem'),
    `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${chainPem.join('')}`,
  );
  writeFileSync(join(dataDir, 'agent/identity.json'), JSON.stringify({ chain: chainPem }));
  rootEnd = ca.expiry().rootNotAfter;
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const states = async (now: number) =>
  (await certificateChecks(dataDir, now)).map(({ name, status }) => `${name} ${status}`);

test('the end of each certificate is told long before, and that of the authority as a failure', async () => {
  expect(await states(clock.now())).toEqual(['root ok', 'console ok', 'host ok']);
  expect(await states(clock.now() + 13.5 * day)).toEqual(['root ok', 'console warn', 'host ok']);
  expect(await states(clock.now() + 13.9 * day)).toEqual(['root ok', 'console warn', 'host warn']);
  expect((await states(rootEnd - 89 * day))[0]).toBe('root warn');
  expect((await states(rootEnd + 1))[0]).toBe('root fail');
  for (const { status, fix } of await certificateChecks(dataDir, rootEnd))
    expect([status, typeof fix]).not.toEqual(['ok', 'string']);
});

test('what is no certificate is said, and without an installation nothing is', async () => {
  for (const text of [
    '',
    '{',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    '\u0000'.repeat(100_000),
  ]) {
    writeFileSync(join(dataDir, 'keys/ca/console.pem'), text);
    expect(await states(clock.now())).toEqual(['root ok', 'console warn', 'host ok']);
  }
  rmSync(join(dataDir, 'agent/identity.json'));
  expect((await exec('mkfifo', [join(dataDir, 'agent/identity.json')])).status).toBe(0);
  expect(await states(clock.now())).toEqual(['root ok', 'console warn', 'host warn']);
  expect(await certificateChecks(join(dataDir, 'nowhere'), clock.now())).toEqual([]);
});
