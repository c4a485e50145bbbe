import { generateKeyPairSync, sign } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import { collectBundle, type EvidenceSource, manifestText, signManifest } from './bundle.js';
import { verifyBundle } from './verify.js';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const signer = (bytes: Uint8Array) => sign('sha256', bytes, keys.privateKey).toString('base64');
const about = {
  id: 'b1',
  incident: 'INC-1',
  service: 'catalog',
  workload: 'catalog-h-1',
  host: 'h',
  collectedBy: 'demo',
};
const writes: EvidenceSource['gather'] = async (file) => {
  writeFileSync(file, 'bytes');
  return 'written';
};
const sources: EvidenceSource[] = [
  { what: 'text', path: 'a.txt', gather: async () => 'hello' },
  { what: 'rows', path: 'events/rows.ndjson', gather: async () => [{ a: 1 }, { b: '\u001b[2J' }] },
  { what: 'own file', path: 'memory', gather: writes },
  {
    what: 'gone',
    path: 'gone',
    gather: async () => {
      throw new Error('the process is gone');
    },
  },
];

let home: string;
let directory: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'tc-bundle-'));
  directory = join(home, 'b1');
  const manifest = await collectBundle({ directory, about, clock: manualClock(7), sources });
  await signManifest(directory, manifest, signer);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const codes = async () =>
  (await verifyBundle(directory, [{ publicKey: pem }])).problems.map(({ code, path }) => `${code} ${path}`);

describe('an evidence bundle', () => {
  test('verifies as collected, and names what could not be collected', async () => {
    const { ok, manifest } = await verifyBundle(directory, [{ publicKey: pem }]);
    expect(ok).toBe(true);
    expect(manifest?.files.map(({ path }) => path)).toEqual(['a.txt', 'events/rows.ndjson', 'memory']);
    expect(manifest?.missing).toEqual([{ what: 'gone', reason: 'the process is gone' }]);
  });

  test('is never written over, and never outside of its folder', async () => {
    await expect(collectBundle({ directory, about, clock: manualClock(), sources })).rejects.toMatchObject({
      code: 'bundle-exists',
    });
    for (const path of ['../x', '/x', 'a/../../x', '', 'manifest.json', '.hidden', 'a//b']) {
      const bad = { what: 'x', path, gather: async () => 'x' };
      await expect(
        collectBundle({ directory: join(home, 'b2'), about, clock: manualClock(), sources: [bad] }),
      ).rejects.toMatchObject({
        code: 'bundle-path',
      });
    }
  });

  test('cuts what is too large and says so', async () => {
    const large = { what: 'flood', path: 'flood', gather: async () => 'x'.repeat(100) };
    const manifest = await collectBundle({
      directory: join(home, 'b3'),
      about,
      clock: manualClock(),
      sources: [large],
      maxBytes: 10,
    });
    expect([manifest.files[0]?.bytes, manifest.missing[0]?.what]).toEqual([10, 'flood']);
  });

  test.each([
    ['a changed file', 'changed a.txt', () => appendFileSync(join(directory, 'a.txt'), '!')],
    ['a missing file', 'missing memory', () => rmSync(join(directory, 'memory'))],
    ['an added file', 'extra events/more', () => writeFileSync(join(directory, 'events/more'), '')],
    ['a link in place of a file', 'link a.txt', () => linkAway('a.txt')],
    ['a linked folder', 'link events/rows.ndjson', () => linkAway('events')],
    ['a missing signature', 'missing manifest.sig', () => rmSync(join(directory, 'manifest.sig'))],
    ['a broken signature', 'signature manifest.sig', () => writeFileSync(join(directory, 'manifest.sig'), 'AAAA')],
    [
      'a changed manifest',
      'signature manifest.sig',
      () =>
        writeFileSync(
          join(directory, 'manifest.json'),
          readFileSync(join(directory, 'manifest.json'), 'utf8').replace('INC-1', 'INC-2'),
        ),
    ],
    ['a manifest that is a folder', 'link manifest.json', () => folderInPlace('manifest.json')],
  ])('does not verify with %s', async (_, expected, tamper) => {
    tamper();
    expect(await codes()).toContain(expected);
  });

  test('verifies by the key that signed it, and not when that was replaced before it was collected', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const collected = (await verifyBundle(directory, [{ publicKey: pem }])).manifest?.collectedAt ?? 0;
    const keysUntil = (until: number | null) => [
      { publicKey: pem, until },
      { publicKey: other, until: null },
    ];
    for (const until of [null, collected, collected + 1_000]) {
      const { ok, signedBy } = await verifyBundle(directory, keysUntil(until));
      expect([ok, signedBy?.publicKey]).toEqual([true, pem]);
    }
    const late = await verifyBundle(directory, keysUntil(collected - 3_600_000));
    expect([late.ok, late.problems.map(({ code }) => code)]).toEqual([false, ['signature']]);
  });

  test('does not verify against another key, or with a key that is none', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect((await verifyBundle(directory, [{ publicKey: other }])).ok).toBe(false);
    expect((await verifyBundle(directory, [{ publicKey: 'no key' }])).ok).toBe(false);
  });

  test('is not led outside even by a manifest that was signed', async () => {
    const { manifest } = await verifyBundle(directory, [{ publicKey: pem }]);
    if (manifest === null) throw new Error('did not verify');
    const evil = {
      ...manifest,
      files: [{ path: '../../../etc/passwd', bytes: 1, sha256: `sha256:${'0'.repeat(64)}`, what: 'x' }],
    };
    writeFileSync(join(directory, 'manifest.json'), manifestText(evil));
    writeFileSync(join(directory, 'manifest.sig'), signer(Buffer.from(manifestText(evil))));
    expect(await codes()).toContain('path ../../../etc/passwd');
  });
});

function linkAway(name: string): void {
  renameSync(join(directory, name), join(home, 'moved'));
  symlinkSync(join(home, 'moved'), join(directory, name));
}

function folderInPlace(name: string): void {
  rmSync(join(directory, name));
  mkdirSync(join(directory, name));
}
