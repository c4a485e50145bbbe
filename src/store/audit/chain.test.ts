import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AuditEntry, chainWalker, entryHash, GENESIS } from './chain.js';
import { auditCheckpoint } from './checkpoint.js';

test('a chain as it was written holds, up to its head', () => {
  expect(judge(chain(5))).toEqual({ ok: true, length: 5, head: chain(5).at(-1)?.hash });
  expect(judge([])).toEqual({ ok: true, length: 0, head: GENESIS });
});

test('a changed field, a removed, doubled or swapped entry breaks it where it happened', () => {
  const change = (index: number, over: Partial<AuditEntry>) =>
    chain(5).map((entry, at) => (at === index ? { ...entry, ...over } : entry));
  for (const over of [
    { actor: 'x' },
    { action: 'x' },
    { subject: 'x' },
    { detail: {} },
    { at: 1 },
    { hash: GENESIS },
    { previous: GENESIS },
  ]) {
    expect(judge(change(2, over)), JSON.stringify(over)).toMatchObject({ ok: false, brokenAt: 3 });
  }
  const whole = chain(5);
  expect(judge(whole.filter((_, at) => at !== 1))).toMatchObject({ ok: false, brokenAt: 2 });
  expect(judge([...whole.slice(0, 2), ...whole.slice(1)])).toMatchObject({ ok: false, brokenAt: 3 });
});

test('with a remembered head, a cut-off end and a chain written anew show too', () => {
  const head = chain(5).at(-1);
  if (head === undefined) throw new Error('empty');
  expect(judge(chain(7), head)).toMatchObject({ ok: true });
  expect(judge(chain(4), head)).toMatchObject({ ok: false, brokenAt: 5, reason: 'the end was cut off' });
  expect(judge(chain(7, 'someone-else'), head)).toMatchObject({ ok: false, reason: 'the chain was written anew' });
});

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = {
  sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
  verify: (bytes: Uint8Array, signature: Uint8Array) => verify(null, bytes, publicKey, signature),
  witnessed: () => undefined,
};
const trailOf = (entries: readonly AuditEntry[]) => ({
  head: async () => entries.at(-1) ?? { seq: 0, hash: GENESIS },
  hashOf: async (seq: number) => entries[seq - 1]?.hash,
});

test('the checkpoint file keeps the newest head and refuses to guess when it was changed', async () => {
  await inFolder(async (path) => {
    const file = auditCheckpoint(path, signer);
    expect(await file.read()).toBeUndefined();
    const entries = chain(3);
    await Promise.all(entries.toReversed().map((entry) => file.write(entry)));
    expect(await file.read()).toEqual({ seq: 3, hash: entries[2]?.hash });
    const good = readFileSync(path, 'utf8');
    for (const forged of [
      '{"seq":-1}',
      good.replace('"seq":3', '"seq":2'),
      good.replace(/"signature":"..../, '"signature":"AAAA'),
    ]) {
      writeFileSync(path, forged);
      await expect(file.read()).rejects.toMatchObject({ code: 'malformed' });
    }
    expect(judge(entries.slice(0, 2), entries[2])).toMatchObject({ ok: false, brokenAt: 3 });
  });
});

test('a checkpoint follows the trail, and never covers up that the trail was cut or written anew', async () => {
  await inFolder(async (path) => {
    const file = auditCheckpoint(path, signer);
    await file.follow(trailOf([]));
    expect(await file.read()).toBeUndefined();
    await file.follow(trailOf(chain(3)));
    await file.follow(trailOf(chain(5)));
    const kept = await file.read();
    expect(kept?.seq).toBe(5);
    for (const other of [chain(4), chain(9, 'someone-else'), []])
      await expect(file.follow(trailOf(other))).rejects.toMatchObject({ code: 'tampered' });
    expect(await file.read()).toEqual(kept);
  });
});

test('a new key takes the head over; the old key alone signs no head any more, whatever step it was killed at', async () => {
  await inFolder(async (path) => {
    const next = generateKeyPairSync('ed25519');
    let witnessed: string | undefined;
    let current: { publicKey: KeyObject; privateKey: KeyObject } = { publicKey, privateKey };
    const ring = {
      sign: (bytes: Uint8Array) => sign(null, bytes, current.privateKey),
      verify: (bytes: Uint8Array, signature: Uint8Array) => verify(null, bytes, current.publicKey, signature),
      witnessed: () => witnessed,
    };
    const entries = chain(4);
    const file = auditCheckpoint(path, ring);
    await file.follow(trailOf(chain(2)));
    const old = readFileSync(path, 'utf8');
    let between = '';
    const change = async (text: string) => {
      between = readFileSync(path, 'utf8');
      witnessed = text;
      current = next;
    };
    await file.handOver(trailOf(entries), change);
    expect(await file.read()).toEqual({ seq: 4, hash: entries[3]?.hash });
    // Killed before the head was signed anew: what both keys witnessed counts.
    writeFileSync(path, between);
    expect((await file.read())?.seq).toBe(4);
    await file.follow(trailOf(chain(6)));
    expect((await file.read())?.seq).toBe(6);
    // A head that only the old key signed is none, however real it was.
    writeFileSync(path, old);
    await expect(file.read()).rejects.toMatchObject({ code: 'malformed' });
  });
});

test('a trail that is not what was signed keeps its key', async () => {
  await inFolder(async (path) => {
    const file = auditCheckpoint(path, signer);
    await file.follow(trailOf(chain(3)));
    let changed = false;
    const change = async () => {
      changed = true;
    };
    await expect(file.handOver(trailOf(chain(5, 'someone-else')), change)).rejects.toMatchObject({ code: 'tampered' });
    expect(changed).toBe(false);
  });
});

async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tc-audit-'));
  try {
    await work(join(folder, 'head'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function chain(length: number, actor = 'demo'): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const open = {
      seq,
      at: seq * 10,
      actor,
      action: 'contract.approve',
      subject: `s v${seq}`,
      detail: { n: seq },
      previous: entries.at(-1)?.hash ?? GENESIS,
    };
    entries.push({ ...open, hash: entryHash(open) });
  }
  return entries;
}

function judge(entries: readonly AuditEntry[], checkpoint?: { seq: number; hash: string }) {
  const walker = chainWalker();
  for (const entry of entries) walker.add(entry);
  return walker.verdict(checkpoint);
}
