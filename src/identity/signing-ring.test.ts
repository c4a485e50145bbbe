import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../base/index.js';
import { openCertificateAuthority } from './ca.js';
import { deriveSubkey } from './sealed-key.js';
import { signerOf, type SigningRing } from './signing-ring.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tc-ring-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const rootKey = Buffer.alloc(32, 7);
const keys = () => join(directory, 'keys');
const open = async (sealed = true): Promise<SigningRing> => {
  const subkeys = sealed ? [deriveSubkey(rootKey, 'authority'), deriveSubkey(rootKey, 'evidence')] : [];
  return (await openCertificateAuthority({ directory: keys(), trustDomain: 'shop', clock: systemClock, subkeys }))
    .evidence;
};
const text = Buffer.from('manifest');
const listed = () => JSON.parse(readFileSync(join(keys(), 'evidence.keys.json'), 'utf8'));
const write = (list: unknown) => writeFileSync(join(keys(), 'evidence.keys.json'), `${JSON.stringify(list)}\n`);

test('what older keys signed stays verifiable, by the key and its time, also after a restart', async () => {
  const ring = await open();
  const first = ring.sign(text);
  await ring.rotate('head 1', 1_000);
  const second = ring.sign(text);
  await ring.rotate('head 2', 2_000);
  const third = ring.sign(text);
  for (const one of [ring, await open()]) {
    expect(one.keys().map(({ since, until }) => [since, until])).toEqual([
      [null, 1_000],
      [1_000, 2_000],
      [2_000, null],
    ]);
    expect([first, second, third].map((signature) => signerOf(one.keys(), text, signature)?.until)).toEqual([
      1_000,
      2_000,
      null,
    ]);
    expect(one.witnessed()).toBe('head 2');
    expect(one.verify(text, third)).toBe(true);
    expect(one.verify(text, second)).toBe(false);
    expect(signerOf(one.keys(), Buffer.from('manifesT'), third)).toBeUndefined();
  }
});

test('killed between its two writes, the old key signs on and the new one was never there', async () => {
  for (const sealed of [false, true]) {
    rmSync(keys(), { recursive: true, force: true });
    const ring = await open(sealed);
    const key = readFileSync(join(keys(), 'evidence.key.pem'));
    const signature = ring.sign(text);
    await ring.rotate('head', 1_000.7);
    writeFileSync(join(keys(), 'evidence.key.pem'), key);
    const again = await open(sealed);
    expect(again.keys()).toHaveLength(1);
    expect(again.verify(text, signature)).toBe(true);
    expect(again.witnessed()).toBeUndefined();
    await again.rotate('head', 2_000);
    expect((await open(sealed)).keys().map(({ since }) => since)).toEqual([null, 2_000]);
  }
});

test('changes at once come one after the other', async () => {
  const ring = await open();
  await Promise.all([1, 2, 3, 4].map((at) => ring.rotate(`head ${at}`, at)));
  expect((await open()).keys()).toHaveLength(5);
});

test('nobody puts a key into the list who does not hold the one before and the one after', async () => {
  const ring = await open();
  await ring.rotate('head', 1_000);
  const good = listed();
  const foreign = generateKeyPairSync('ed25519');
  const publicKey = foreign.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const signature = sign(null, text, foreign.privateKey).toString('base64');
  const [handover] = good.handovers;
  for (const forged of [
    { ...good, first: publicKey },
    { ...good, handovers: [{ ...handover, publicKey }] },
    { ...good, handovers: [{ ...handover, at: 999 }] },
    { ...good, handovers: [{ ...handover, witnessed: 'another head' }] },
    { ...good, handovers: [{ ...handover, byOld: signature }] },
    { ...good, handovers: [{ ...handover, byNew: signature }] },
    { first: publicKey, handovers: [{ ...handover, publicKey: good.first, byOld: signature }, handover] },
    { first: publicKey, handovers: [] },
    { first: 'no key', handovers: good.handovers },
    [],
  ]) {
    write(forged);
    await expect(open()).rejects.toMatchObject({ code: 'ca-broken' });
  }
  write(good);
  expect((await open()).keys()).toHaveLength(2);
  // A list cut short shows as signatures of unknown keys, never as a wrong "good".
  rmSync(join(keys(), 'evidence.key.pem'));
  await expect(open()).rejects.toMatchObject({ code: 'ca-broken' });
});

test('the new private key lies sealed, and the old one is gone', async () => {
  const ring = await open();
  const before = readFileSync(join(keys(), 'evidence.key.pem'), 'utf8');
  await ring.rotate('head', 1_000);
  const after = readFileSync(join(keys(), 'evidence.key.pem'), 'utf8');
  expect(after).not.toBe(before);
  expect(after).not.toContain('PRIVATE KEY');
  await expect(open(false)).rejects.toMatchObject({ code: 'key-sealed' });
});
