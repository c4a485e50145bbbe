import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silent, systemClock } from '../base/index.js';
import { type CertificateAuthority, generateKeyPair, openCertificateAuthority } from '../identity/index.js';
import type { ClientIdentity, ControlClient } from './control-client.js';
import { establishIdentity, knowsRoot } from './host-identity.js';
import { isEnrolled } from './installation.js';
import { AgentSettings } from './settings.js';

const trustDomain = 'house.test';
let directory: string;
let ca: CertificateAuthority;
let shown: ClientIdentity[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tc-host-'));
  ca = await openCertificateAuthority({ directory: join(directory, 'ca'), trustDomain, clock: systemClock });
  shown = [];
  const { privateKeyPem, publicKeyPem } = generateKeyPair();
  const { chainPem } = ca.issueSvid({ id: `spiffe://${trustDomain}/agent/alpha`, publicKey: publicKeyPem, ttlMs: 8e7 });
  write({ schemaVersion: 1, keyPem: privateKeyPem, chain: chainPem, trustDomain, bundles: ca.bundles() });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = () => join(directory, 'agent/identity.json');
function write(content: object): void {
  mkdirSync(join(directory, 'agent'), { recursive: true });
  writeFileSync(file(), JSON.stringify(content));
}
const kept = () => JSON.parse(readFileSync(file(), 'utf8'));

function established() {
  const client: ControlClient = {
    identify: (identity) => shown.push(identity),
    call: () => Promise.reject(new Error('not asked here')),
    protocol: () => 2,
    close: () => {},
  };
  const settings = AgentSettings.parse({
    ...{ schemaVersion: 1, host: 'alpha', instance: '00000000', directory: join(directory, 'agent') },
    ...{ spoolDirectory: '', logDirectory: '', runtimeDir: '', programDir: '', nodePath: '', controlUrl: '' },
    ...{ controlFingerprint: ca.issuer(), enrolTokenFile: join(directory, 'token'), meshAddress: '', rootMode: false },
    ...{ helper: false, collectors: [], spool: { maxBytes: 1, maxAgeMs: 1 }, hideDirs: [] },
  });
  return establishIdentity(settings, client, systemClock, silent);
}

test('new roots are trusted by new connections, told to whoever listens, and still trusted after a restart', async () => {
  const host = await established();
  let told = 0;
  const off = host.onTrust(() => {
    told += 1;
  });
  await ca.roots.begin('ada');
  expect(host.trust(ca.bundles())).toBe(true);
  expect([told, shown.at(-1)?.bundles, host.bundles()]).toEqual([1, ca.bundles(), ca.bundles()]);
  expect(kept().bundles).toEqual(ca.bundles());
  // The same again is no news.
  expect([host.trust(ca.bundles()), told, shown.length]).toEqual([true, 1, 2]);
  off();
  host.source.stop();
  const again = await established();
  expect(again.bundles()).toEqual(ca.bundles());
  again.source.stop();
});

test('no roots, or what are none, are not trusted: the old ones stay', async () => {
  const host = await established();
  const before = host.bundles();
  for (const bundles of [
    {},
    { [trustDomain]: [] },
    { [trustDomain]: ['no certificate'] },
    { 'other.test': ca.bundle() },
    { [trustDomain]: [...ca.bundle(), 'no certificate'] },
  ])
    expect(host.trust(bundles)).toBe(false);
  expect([host.bundles(), shown.length, kept().bundles]).toEqual([before, 1, before]);
  host.source.stop();
});

test('an identity counts for whoever names a root of its time, and for no other: that takes a new token', async () => {
  const [old] = [ca.issuer()];
  const host = await established();
  await ca.roots.begin('ada');
  const next = ca.roots.all()[1]?.fingerprint ?? '';
  expect([knowsRoot(kept(), old), knowsRoot(kept(), next)]).toEqual([true, false]);
  expect(isEnrolled(directory, systemClock.now(), next)).toBe(false);
  host.trust(ca.bundles());
  await ca.roots.switchOver('ada');
  await ca.roots.finish('ada', async () => {});
  host.trust(ca.bundles());
  host.source.stop();
  // Its unit was written with the root of then.
  for (const fingerprint of [old, next, old.toUpperCase().replace(/..(?=.)/g, '$&:')])
    expect([fingerprint, isEnrolled(directory, systemClock.now(), fingerprint)]).toEqual([fingerprint, true]);
  expect(isEnrolled(directory, systemClock.now(), 'ab'.repeat(32))).toBe(false);
  for (const content of [{}, { bundles: { a: ['no certificate'] } }]) {
    write(content);
    expect(isEnrolled(directory, systemClock.now(), old)).toBe(false);
  }
});
