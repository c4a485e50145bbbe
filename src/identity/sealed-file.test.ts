import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../base/index.js';
import { openCertificateAuthority } from './ca.js';
import { type KeyPlace, loadKeyFile } from './sealed-file.js';
import { deriveSubkey, keyPurposes, openKey, sealedUnder, sealKey } from './sealed-key.js';
import { keepSealingRing, openSealingRing, sealingRingIn } from './sealing-ring.js';

const rootOf = (byte: number) => Buffer.alloc(32, byte);
const subkeysOf = (byte: number) => keyPurposes.map((purpose) => deriveSubkey(rootOf(byte), purpose));
const first = subkeysOf(1);
const second = subkeysOf(2);
const clock = manualClock(Date.UTC(2026, 0, 1));
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sealed-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const place = (subkeys = first): KeyPlace => ({ directory, name: 'people.key', purpose: 'people', subkeys });
const text = () => readFileSync(join(directory, 'people.key'), 'latin1');
const never = () => {
  throw new Error('made a key where there was one');
};

test('each purpose has a subkey of its own, and none of them is another root’s', () => {
  const all = [...first, ...second].map(({ key }) => key.toString('hex'));
  expect(new Set(all).size).toBe(all.length);
});

test('a sealed key opens under its own subkey, and under no other one', () => {
  const [authority, evidence] = [deriveSubkey(rootOf(1), 'authority'), deriveSubkey(rootOf(1), 'evidence')];
  const sealed = sealKey(authority, Buffer.from('secret'));
  expect(sealed).not.toContain('secret');
  expect(openKey(authority, sealed)?.toString()).toBe('secret');
  expect(openKey(evidence, sealed)).toBeUndefined();
  expect(openKey(deriveSubkey(rootOf(2), 'authority'), sealed)).toBeUndefined();
  expect(openKey(evidence, sealed.replace('authority', 'evidence'))).toBeUndefined();
  expect(sealedUnder(sealed)).toEqual({ rootId: authority.rootId, purpose: 'authority' });
});

test('a sealed key of which one character was changed does not open', () => {
  const subkey = deriveSubkey(rootOf(1), 'spool');
  const sealed = sealKey(subkey, Buffer.alloc(32, 7)).trimEnd();
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    // The last character of base64url has bits that carry nothing.
    if (at === sealed.length - 1) continue;
    expect(openKey(subkey, changed), `character ${at}`).toBeUndefined();
  }
});

test('a key is made once, lies sealed with mode 600, and comes back', async () => {
  const made = await loadKeyFile(place(), { make: () => Buffer.from('of mine') });
  expect(text()).toMatch(/^tricordon-sealed-key v1 [0-9a-f]{16} people /);
  expect(statSync(join(directory, 'people.key')).mode & 0o777).toBe(0o600);
  expect(await loadKeyFile(place(), { make: never })).toEqual(made);
});

test('a plain key is sealed when it is first read, and the plain file is gone', async () => {
  writeFileSync(join(directory, 'people.key'), 'plain and old', { mode: 0o600 });
  expect((await loadKeyFile(place(), { make: never })).toString()).toBe('plain and old');
  expect(text()).not.toContain('plain and old');
  expect((await loadKeyFile(place(), { make: never })).toString()).toBe('plain and old');
  expect(readdirSync(directory)).toEqual(['people.key']);
});

test('what is sealed under the older root key is sealed anew, and then opens without it', async () => {
  await loadKeyFile(place(), { make: () => Buffer.from('of mine') });
  expect((await loadKeyFile(place([...second, ...first]), { make: never })).toString()).toBe('of mine');
  expect((await loadKeyFile(place(second), { make: never })).toString()).toBe('of mine');
  await expect(loadKeyFile(place(first), { make: never })).rejects.toMatchObject({
    code: 'key-sealed',
    message: expect.stringContaining('not ours'),
  });
});

test('what a killed writer left is swept, and the key is whole', async () => {
  writeFileSync(join(directory, 'people.key'), 'plain', { mode: 0o600 });
  writeFileSync(join(directory, '.people.key.aaaaaaaaaaaa'), 'half', { mode: 0o600 });
  expect((await loadKeyFile(place(), { make: never })).toString()).toBe('plain');
  expect(readdirSync(directory)).toEqual(['people.key']);
});

test('refuses a sealed key without subkeys, one that was changed, and one that is open to others', async () => {
  await loadKeyFile(place(), { make: () => Buffer.from('of mine') });
  const whole = text();
  await expect(loadKeyFile(place([]), { make: never })).rejects.toMatchObject({
    code: 'key-sealed',
    hint: expect.stringContaining('tricordon up'),
  });
  writeFileSync(
    join(directory, 'people.key'),
    `${whole.slice(0, 60)}${whole[60] === 'A' ? 'B' : 'A'}${whole.slice(61)}`,
  );
  await expect(loadKeyFile(place(), { make: never })).rejects.toMatchObject({ code: 'ca-broken' });
  writeFileSync(join(directory, 'people.key'), whole);
  chmodSync(join(directory, 'people.key'), 0o644);
  await expect(loadKeyFile(place(), { make: never })).rejects.toMatchObject({ code: 'ca-directory-unsafe' });
});

test('the keys of a CA from before, plain or under a passphrase, are the same ones when they are sealed', async () => {
  for (const [name, before] of [
    ['plain', {}],
    ['locked', { passphrase: 'correct horse' }],
  ] as const) {
    const options = { directory: join(directory, name), trustDomain: 'shop.test', clock };
    const plain = await openCertificateAuthority({ ...options, ...before });
    const sealed = await openCertificateAuthority({ ...options, ...before, subkeys: first });
    const again = await openCertificateAuthority({ ...options, subkeys: first });
    for (const one of [sealed, again]) {
      expect(one.bundle()).toEqual(plain.bundle());
      expect(one.evidence.keys().at(-1)?.publicKey).toBe(plain.evidence.keys().at(-1)?.publicKey);
    }
    for (const file of ['root.key.pem', 'evidence.key.pem'])
      expect(readFileSync(join(options.directory, file), 'latin1')).toMatch(/^tricordon-sealed-key v1 \S+ \S+ \S+\n$/);
    await expect(openCertificateAuthority({ ...options, subkeys: second })).rejects.toMatchObject({
      code: 'key-sealed',
    });
  }
});

test('keys of the spool and of people from before are the same ones when they are sealed', async () => {
  const key = Buffer.alloc(32, 9);
  writeFileSync(join(directory, 'people.key'), `${key.toString('base64')}\n`, { mode: 0o600 });
  writeFileSync(join(directory, 'spool.key'), key, { mode: 0o600 });
  const spool = { ...place(), name: 'spool.key', purpose: 'spool' } as const;
  for (const _time of [1, 2]) {
    expect(await openSealingRing(place())).toEqual({ current: key, older: [] });
    expect(await openSealingRing(spool)).toEqual({ current: key, older: [] });
  }
  expect(readFileSync(join(directory, 'spool.key')).includes(key)).toBe(false);
});

test('keys that follow one another lie in one file, sealed together, and what is none of ours is refused', async () => {
  const [now, before, oldest] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
  if (now === undefined || before === undefined || oldest === undefined) throw new Error('no keys');
  const ring = {
    current: now,
    older: [
      { key: before, until: 70 },
      { key: oldest, until: 0 },
    ],
  };
  await openSealingRing(place());
  await keepSealingRing(place(), ring);
  expect(await openSealingRing(place())).toEqual(ring);
  const found = readFileSync(join(directory, 'people.key'));
  expect(sealingRingIn(place(), found)).toEqual(ring);
  expect(found.includes(now.toString('base64'))).toBe(false);
  for (const wrong of [
    '',
    'x',
    `${now.toString('base64')}\nolder 1`,
    `${now.toString('base64')}\n${before.toString('base64')} -1`,
  ]) {
    writeFileSync(join(directory, 'plain.key'), `${wrong}\n`, { mode: 0o600 });
    const plain = { directory, name: 'plain.key', purpose: 'people', subkeys: [] } as const;
    await expect(openSealingRing(plain), wrong).rejects.toMatchObject({ code: 'ca-broken' });
  }
});
