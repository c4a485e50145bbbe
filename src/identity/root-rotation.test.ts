import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../base/index.js';
import { type CertificateAuthority, openCertificateAuthority } from './ca.js';
import { rootAbove } from './roots.js';
import { generateKeyPair } from './svid.js';
import { verifyPeer } from './trust.js';

const day = 86_400_000;
const id = 'spiffe://shop.test/service/orders';
let base: string;
let directory: string;
let clock: ReturnType<typeof manualClock>;
let ca: CertificateAuthority;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'tc-rotation-'));
  directory = join(base, 'keys');
  clock = manualClock(Date.parse('2026-03-01T12:00:00Z'));
  ca = await open();
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const open = (passphrase?: string) =>
  openCertificateAuthority({
    directory,
    trustDomain: 'shop.test',
    clock,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
const leaf = () => ca.issueSvid({ id, publicKey: generateKeyPair().publicKeyPem });
const nothing = async () => {};
const verdict = (chainPem: readonly string[], roots: readonly string[]) =>
  verifyPeer(new X509Certificate(chainPem[0] ?? ''), { 'shop.test': roots }, clock.now()).kind;

test('a whole change: both roots are trusted from the announcement to the end, and every leaf counts in between', async () => {
  const [first, before] = [ca.issuer(), leaf()];
  const [old = ''] = ca.bundle();
  await ca.roots.begin('ada');
  expect(ca.bundle()).toHaveLength(2);
  expect(ca.issuer()).toBe(first);
  const meanwhile = leaf();
  const [, next = ''] = ca.bundle();
  for (const { chainPem } of [before, meanwhile])
    expect([verdict(chainPem, [old]), verdict(chainPem, ca.bundle())]).toEqual(['ok', 'ok']);
  expect(verdict(meanwhile.chainPem, [next])).toBe('refused');

  await ca.roots.switchOver('ada');
  expect(ca.issuer()).not.toBe(first);
  expect(ca.bundle()).toEqual([next, old]);
  const after = leaf();
  expect([before, meanwhile, after].map(({ chainPem }) => verdict(chainPem, ca.bundle()))).toEqual(['ok', 'ok', 'ok']);
  expect(rootAbove(after, ca.bundle())).toBe(ca.issuer());
  expect([verdict(after.chainPem, [next]), verdict(after.chainPem, [old])]).toEqual(['ok', 'refused']);
  // What those are shown who were away.
  const door = ca.issueSvid({ id, publicKey: generateKeyPair().publicKeyPem, root: 'oldest' });
  expect([door.root, verdict(door.chainPem, [old])]).toEqual([old, 'ok']);
  expect(ca.roots.state()).toMatchObject({ phase: 'switched', by: 'ada', old: first, leavesEnd: clock.now() + day });

  const seen: string[] = [];
  await ca.roots.finish('ada', async () => {
    seen.push(ca.issueSvid({ id, publicKey: generateKeyPair().publicKeyPem, root: 'oldest' }).root, ...ca.bundle());
  });
  expect(seen).toEqual([next, next, old]);
  expect(ca.bundle()).toEqual([next]);
  expect(verdict(before.chainPem, ca.bundle())).toBe('refused');
  expect(ca.roots.state()).toMatchObject({ phase: 'none', last: { how: 'finished', by: 'ada', left: first } });
  expect(readdirSync(directory).sort()).toEqual([
    'evidence.key.pem',
    'root.crt.pem',
    'root.key.pem',
    'roots.pem',
    'rotation.json',
  ]);
  expect((await open()).bundle()).toEqual([next]);
});

test('the lists of roots are the same objects for as long as they hold the same', async () => {
  const [list, bundles] = [ca.bundle(), ca.bundles()];
  expect([ca.bundle(), ca.bundles()]).toEqual([list, bundles]);
  expect(ca.bundle()).toBe(list);
  await ca.roots.begin('ada');
  expect(ca.bundle()).not.toBe(list);
  expect(ca.bundle()).toBe(ca.bundle());
  expect(ca.bundles()).toBe(ca.bundles());
});

test('every phase outlives a restart, and so does the evidence key', async () => {
  const evidence = ca.evidence.keys().at(-1)?.publicKey;
  const again = async () => {
    const reopened = await open();
    expect(readFileSync(join(directory, 'roots.pem'), 'utf8')).toBe(ca.bundle().join(''));
    expect(reopened.bundle()).toEqual(ca.bundle());
    expect(reopened.roots.state()).toEqual(ca.roots.state());
    expect(reopened.roots.oldest().fingerprint).toBe(ca.roots.oldest().fingerprint);
    expect(reopened.evidence.keys().at(-1)?.publicKey).toBe(evidence);
    ca = reopened;
  };
  await ca.roots.begin('ada');
  await again();
  await ca.roots.switchOver('bob');
  await again();
  await ca.roots.finish('cleo', nothing);
  await again();
  await ca.roots.begin('dan');
  await again();
  await ca.roots.abort('dan');
  await again();
});

test('an aborted change leaves the root as it was, and the next one makes another', async () => {
  const bundle = ca.bundle();
  await ca.roots.begin('ada');
  const [, dropped] = ca.bundle();
  await ca.roots.abort('bob');
  expect(ca.bundle()).toEqual(bundle);
  expect(ca.roots.state()).toMatchObject({ phase: 'none', last: { how: 'aborted', by: 'bob' } });
  await ca.roots.begin('ada');
  expect(ca.bundle()[1]).not.toBe(dropped);
});

test('steps that do not follow are refused, and change nothing', async () => {
  const refused = expect.objectContaining({ code: 'rotation-out-of-order' });
  const attempt = (step: 'begin' | 'switchOver' | 'abort' | 'finish') =>
    step === 'finish' ? ca.roots.finish('eve', nothing) : ca.roots[step]('eve');
  for (const step of ['switchOver', 'abort', 'finish'] as const) await expect(attempt(step)).rejects.toEqual(refused);
  await ca.roots.begin('ada');
  for (const step of ['begin', 'finish'] as const) await expect(attempt(step)).rejects.toEqual(refused);
  await ca.roots.switchOver('ada');
  for (const step of ['begin', 'switchOver', 'abort'] as const) await expect(attempt(step)).rejects.toEqual(refused);
  expect(ca.roots.state()).toMatchObject({ phase: 'switched', by: 'ada' });
});

test('two who begin at once make one change', async () => {
  const done = await Promise.allSettled([ca.roots.begin('ada'), ca.roots.begin('bob')]);
  expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(ca.bundle()).toHaveLength(2);
});

test('an end whose doors cannot be changed leaves both roots trusted, and is done again', async () => {
  await ca.roots.begin('ada');
  await ca.roots.switchOver('ada');
  const [, old] = ca.bundle();
  await expect(ca.roots.finish('ada', () => Promise.reject(new Error('no door')))).rejects.toThrow('no door');
  expect(ca.bundle()).toHaveLength(2);
  expect(ca.roots.oldest().pem).toBe(old);
  await ca.roots.finish('ada', nothing);
  expect(ca.bundle()).toHaveLength(1);
});

test('with a passphrase no key of a change is written in plain', async () => {
  directory = join(base, 'sealed');
  ca = await open('open sesame');
  await ca.roots.begin('ada');
  await ca.roots.switchOver('ada');
  const keys = readdirSync(directory).filter((name) => name.endsWith('.key.pem'));
  expect(keys).toHaveLength(3);
  for (const name of keys)
    expect(readFileSync(join(directory, name), 'utf8'), name).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  expect((await open('open sesame')).bundle()).toEqual(ca.bundle());
  await expect(open('wrong')).rejects.toMatchObject({ code: 'ca-passphrase-wrong' });
});

test('files that do not fit where the change stands are refused, and nothing is made in their place', async () => {
  const broken = expect.objectContaining({ code: 'ca-broken' });
  await ca.roots.begin('ada');
  const state = readFileSync(join(directory, 'rotation.json'), 'utf8');
  for (const text of ['', '{}', state.replace('announced', 'somewhere'), state.replace(/"next":"../, '"next":"zz')]) {
    writeFileSync(join(directory, 'rotation.json'), text);
    await expect(open(), text).rejects.toEqual(broken);
  }
  writeFileSync(join(directory, 'rotation.json'), state.replace(/"next":"[0-9a-f]{4}/, '"next":"0000'));
  await expect(open()).rejects.toEqual(broken);
  writeFileSync(join(directory, 'rotation.json'), state);
  rmSync(join(directory, 'next-root.key.pem'));
  await expect(open()).rejects.toEqual(broken);
  rmSync(join(directory, 'next-root.crt.pem'));
  await expect(open()).rejects.toEqual(broken);
  expect(readdirSync(directory)).not.toContain('next-root.key.pem');
});

test('a state that went missing while the old root is still there is refused', async () => {
  await ca.roots.begin('ada');
  await ca.roots.switchOver('ada');
  rmSync(join(directory, 'rotation.json'));
  await expect(open()).rejects.toMatchObject({ code: 'ca-broken' });
  expect(readdirSync(directory)).toContain('old-root.key.pem');
});
