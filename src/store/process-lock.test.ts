import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { processFacts, systemClock } from '../base/index.js';
import { holdLock } from './process-lock.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('of many that ask at once, one holds the lock, and the others get it in turn', async () => {
  const path = place();
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const lock = await holdLock(path, systemClock, 60_000);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test('a living holder is named; a dead one, a reused pid and a file full of nonsense are taken over', async () => {
  const path = place();
  const lock = await holdLock(path, systemClock);
  await expect(holdLock(path, systemClock)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(`${process.pid}`),
  });
  await lock.release();
  for (const left of [
    '999999999 1 x\n',
    `${process.pid} ${(processFacts(process.pid)?.start ?? 0) + 1} x\n`,
    '',
    '\u0000\u0000',
    'a b c',
  ]) {
    writeFileSync(path, left);
    await (await holdLock(path, systemClock)).release();
  }
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tc-lock-'));
  folders.push(folder);
  return join(folder, 'lock');
}
