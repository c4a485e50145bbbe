import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec } from '../../base/index.js';
import { codeDigest } from './code-digest.js';

let base: string;
let code: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tc-code-'));
  code = join(base, 'code');
  mkdirSync(join(code, 'node_modules/.bin'), { recursive: true });
  mkdirSync(join(code, 'node_modules/dep'));
  writeFileSync(join(code, 'main.js'), 'main');
  writeFileSync(join(code, 'node_modules/dep/cli.js'), 'cli');
  symlinkSync('../dep/cli.js', join(code, 'node_modules/.bin/cli'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test('the same code has the same digest wherever and whenever it lies', async () => {
  const first = await codeDigest(code);
  expect(first).toMatchObject({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), files: 7, bytes: 7 });
  cpSync(code, join(base, 'copy'), { recursive: true, verbatimSymlinks: true });
  utimesSync(join(base, 'copy/main.js'), 1, 1);
  expect(await codeDigest(join(base, 'copy'))).toEqual(first);
});

test.each<[string, () => void]>([
  ['contents', () => appendFileSync(join(code, 'main.js'), ' ')],
  ['contents of a dependency', () => writeFileSync(join(code, 'node_modules/dep/cli.js'), 'clj')],
  ['mode', () => chmodSync(join(code, 'main.js'), 0o755)],
  ['name', () => renameSync(join(code, 'main.js'), join(code, 'main2.js'))],
  ['a new empty file', () => writeFileSync(join(code, 'z'), '')],
  ['a new empty directory', () => mkdirSync(join(code, 'z'))],
  [
    'the target of a link',
    () => {
      rmSync(join(code, 'node_modules/.bin/cli'));
      symlinkSync('../dep/../dep/cli.js'.replace('/../dep', ''), join(code, 'node_modules/.bin/cli2'));
    },
  ],
  [
    'a byte moved from one file to the next',
    () => {
      writeFileSync(join(code, 'a'), 'x');
      writeFileSync(join(code, 'main.js'), 'ain');
    },
  ],
  [
    'a name that is not UTF-8',
    () => writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xff, 0xfe)]), ''),
  ],
])('changes with %s', async (_what, change) => {
  const before = await codeDigest(code);
  change();
  expect((await codeDigest(code)).digest).not.toBe(before.digest);
});

test('names that are not UTF-8 are kept apart', async () => {
  writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xff)]), '');
  const first = await codeDigest(code);
  rmSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xff)]));
  writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xfe)]), '');
  expect((await codeDigest(code)).digest).not.toBe(first.digest);
});

test.each(['/etc/passwd', '../../../outside', '../../..', 'dep/../../../../outside', 'cli/..'])(
  'refuses a link to %s',
  async (target) => {
    symlinkSync(target, join(code, 'node_modules/.bin/out'));
    await expect(codeDigest(code)).rejects.toMatchObject({ code: 'code-unsafe' });
  },
);

test.each(['../..', '../../main.js', './../dep//cli.js', 'dangling'])(
  'keeps a link to %s as a link',
  async (target) => {
    symlinkSync(target, join(code, 'node_modules/.bin/in'));
    expect(await codeDigest(code)).toMatchObject({ files: 8, bytes: 7 });
  },
);

test('a link to what a link leads to cannot climb out', async () => {
  symlinkSync('.', join(code, 'here'));
  symlinkSync('here/../../outside', join(code, 'out'));
  await expect(codeDigest(code)).rejects.toMatchObject({ code: 'code-unsafe' });
});

test('refuses FIFOs, devices and sockets without waiting for them', async () => {
  expect((await exec('mkfifo', [join(code, 'pipe')])).status).toBe(0);
  await expect(codeDigest(code)).rejects.toMatchObject({
    code: 'code-unsafe',
    message: '`pipe` is a device, FIFO or socket',
  });
  await expect(codeDigest(join(code, 'pipe'))).rejects.toMatchObject({ code: 'code-unsafe' });
  await expect(codeDigest('/dev/null')).rejects.toMatchObject({ code: 'code-unsafe' });
});

test('refuses what is not there, is relative, or is itself a link', async () => {
  symlinkSync('code', join(base, 'link'));
  for (const path of [join(base, 'none'), 'code', `${code}\0x`, join(base, 'link')]) {
    await expect(codeDigest(path)).rejects.toMatchObject({ code: 'code-unsafe' });
  }
});

test('stops at its limits', async () => {
  await expect(codeDigest(code, { maxFiles: 6 })).rejects.toMatchObject({ code: 'code-too-large' });
  await expect(codeDigest(code, { maxBytes: 6 })).rejects.toMatchObject({ code: 'code-too-large' });
  expect(await codeDigest(code, { maxFiles: 7, maxBytes: 7 })).toMatchObject({ files: 7 });
  let deep = code;
  for (let depth = 0; depth < 70; depth += 1) deep = join(deep, 'd');
  mkdirSync(deep, { recursive: true });
  await expect(codeDigest(code)).rejects.toMatchObject({
    code: 'code-unsafe',
    message: expect.stringContaining('deeper'),
  });
});

test('notices code that changes while it is read', async () => {
  writeFileSync(join(code, 'big'), Buffer.alloc(64 << 20));
  const running = codeDigest(code);
  let done = false;
  running
    .catch(() => {})
    .finally(() => {
      done = true;
    });
  // each write lands while the walk goes on: whichever read it meets, that read must notice
  while (!done) {
    appendFileSync(join(code, 'big'), 'x');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect(running).rejects.toMatchObject({ code: 'code-changed' });
});

test('a single file may be declared', async () => {
  const one = await codeDigest(join(code, 'main.js'));
  expect(one).toMatchObject({ files: 1, bytes: 4 });
  writeFileSync(join(code, 'main.js'), 'mail');
  expect((await codeDigest(join(code, 'main.js'))).digest).not.toBe(one.digest);
});
