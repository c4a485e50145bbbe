import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { DiskLevel } from '../../base/index.js';
import { evidenceSpace } from './space.js';

const MB = 1_048_576;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function place(): string {
  const root = mkdtempSync(join(tmpdir(), 'tc-space-'));
  folders.push(root);
  mkdirSync(join(root, 'ev-1/memory'), { recursive: true });
  mkdirSync(join(root, '.incoming/host-a/ev-2'), { recursive: true });
  writeFileSync(join(root, 'ev-1/memory/1.bin'), Buffer.alloc(MB));
  writeFileSync(join(root, '.incoming/host-a/ev-2/1.bin'), Buffer.alloc(MB));
  return root;
}

test('what is sealed and what comes in count, what a link leads to does not, and what went counts no more', async () => {
  const root = place();
  const big = join(root, '..', `${Math.random().toString(36).slice(2)}.big`);
  folders.push(big);
  writeFileSync(big, Buffer.alloc(8 * MB));
  symlinkSync(big, join(root, 'ev-1/link'));
  const space = evidenceSpace(root, 3 * MB);
  const used = await space.used();
  expect([used >= 2 * MB, used < 2.2 * MB]).toEqual([true, true]);
  expect(await space.left()).toBe(3 * MB - used);
  writeFileSync(join(root, '.incoming/host-a/ev-2/2.bin'), Buffer.alloc(MB));
  await expect(space.left()).rejects.toMatchObject({ code: 'evidence-full', hint: expect.stringContaining('unpin') });
  rmSync(join(root, 'ev-1'), { recursive: true });
  expect(await space.left()).toBeGreaterThan(0.8 * MB);
});

test('on a disk that is short of room the database comes first, and on a full one nothing is taken', async () => {
  let freeBytes = 60 * MB;
  let level: DiskLevel = 'normal';
  const read = () => ({ totalBytes: 1_000 * MB, freeBytes, full: false });
  const space = evidenceSpace(place(), 100 * MB, () => level, read);
  expect(await space.left()).toBeGreaterThan(90 * MB);
  level = 'tight';
  expect(await space.left()).toBe(10 * MB);
  freeBytes = 39 * MB;
  await expect(space.left()).rejects.toMatchObject({
    code: 'evidence-full',
    message: expect.stringMatching(/nearly full/),
  });
});
