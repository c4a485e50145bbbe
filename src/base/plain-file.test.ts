import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec } from './exec.js';
import { openPlainFile } from './plain-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-plain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a regular file is opened; a link, a directory and a FIFO without a writer are not', async () => {
  writeFileSync(join(folder, 'file'), 'text');
  symlinkSync('file', join(folder, 'link'));
  expect((await exec('mkfifo', [join(folder, 'fifo')])).status).toBe(0);
  const { file, facts } = await openPlainFile(join(folder, 'file'));
  expect([facts.size, await file.readFile('utf8')]).toEqual([4, 'text']);
  await file.close();
  for (const [name, code] of [
    ['link', 'ELOOP'],
    ['.', 'ENOTREG'],
    ['fifo', 'ENOTREG'],
    ['none', 'ENOENT'],
  ])
    await expect(openPlainFile(join(folder, name ?? '')), name).rejects.toMatchObject({ code });
});
