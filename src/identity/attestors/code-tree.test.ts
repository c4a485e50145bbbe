import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  statSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec, spawnProcess } from '../../base/index.js';
import { codeDifference, codeTree, wholeDigest } from './code-tree.js';

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

const digestOf = () => wholeDigest(codeTree(code));
const flawOf = (path = code, limits = {}) => codeTree(path, limits).flaw?.code;

test('the same code has the same digest wherever and whenever it lies', () => {
  const first = codeTree(code);
  expect(first).toMatchObject({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), flaw: null });
  cpSync(code, join(base, 'copy'), { recursive: true, verbatimSymlinks: true });
  utimesSync(join(base, 'copy/main.js'), 1, 1);
  expect(codeTree(join(base, 'copy'))).toEqual(first);
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
])('changes with %s', (_what, change) => {
  const before = digestOf();
  change();
  expect(digestOf()).not.toBe(before);
});

test('names that are not UTF-8 are kept apart', () => {
  writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xff)]), '');
  const first = codeTree(code);
  rmSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xff)]));
  writeFileSync(Buffer.concat([Buffer.from(`${code}/`), Buffer.of(0xfe)]), '');
  const second = codeTree(code);
  expect(second.digest).not.toBe(first.digest);
  expect(codeDifference(first.files, second.files).added.map(({ path }) => path)).toEqual(['\\xfe']);
});

test.each(['../../../outside', '/etc', '../../..', 'dep/../../../../outside', '/nowhere'])(
  'a link to %s, which the digest would not cover, is a flaw',
  (target) => {
    mkdirSync(join(base, 'outside'));
    symlinkSync(target, join(code, 'node_modules/.bin/out'));
    expect(flawOf()).toBe('code-unsafe');
    expect(digestOf).toThrow('`node_modules/.bin/out` leads to something outside');
  },
);

test.each(['../..', '../../main.js', './../dep//cli.js', 'dangling'])('keeps a link to %s as a link', (target) => {
  symlinkSync(target, join(code, 'node_modules/.bin/in'));
  const { files, flaw } = codeTree(code);
  expect(flaw).toBeNull();
  expect(files.find(({ path }) => path === 'node_modules/.bin/in')?.bytes).toBe(target.length);
});

test('covers a file that a link leads out to', () => {
  writeFileSync(join(base, 'python3'), 'one');
  symlinkSync(join(base, 'python3'), join(code, 'python3'));
  const before = digestOf();
  writeFileSync(join(base, 'python3'), 'two');
  expect(digestOf()).not.toBe(before);
});

test('a link to what a link leads to cannot climb out', () => {
  symlinkSync('.', join(code, 'here'));
  symlinkSync('here/../../outside', join(code, 'out'));
  expect(flawOf()).toBe('code-unsafe');
});

test('FIFOs and devices are a flaw and are not waited for; a socket beside the code is none', async () => {
  const server = createServer().listen(join(code, 'app.sock'));
  await once(server, 'listening');
  expect(codeTree(code).flaw).toBeNull();
  server.close();
  expect((await exec('mkfifo', [join(code, 'pipe')])).status).toBe(0);
  expect(codeTree(code).flaw).toEqual({ code: 'code-unsafe', message: '`pipe` is a device or FIFO' });
  expect(flawOf(join(code, 'pipe'))).toBe('code-unsafe');
  expect(flawOf('/dev/null')).toBe('code-unsafe');
});

test('one flaw does not hide the other files from the evidence', async () => {
  expect((await exec('mkfifo', [join(code, 'a-pipe')])).status).toBe(0);
  expect(codeTree(code).files.map(({ path }) => path)).toContain('node_modules/dep/cli.js');
});

test('what is not there, is relative, or is itself a link has no digest', () => {
  symlinkSync('code', join(base, 'link'));
  for (const path of [join(base, 'none'), 'code', `${code}\0x`, join(base, 'link')]) {
    expect(flawOf(path)).toBe('code-unsafe');
  }
});

test('stops at its limits, and such a digest is not compared', () => {
  expect(flawOf(code, { files: 5 })).toBe('code-too-large');
  expect(flawOf(code, { bytes: 6 })).toBe('code-too-large');
  expect(flawOf(code, { files: 6, bytes: 7 })).toBeUndefined();
  expect(() => wholeDigest(codeTree(code, { files: 5 }))).toThrow('holds more than 5 entries');
  let deep = code;
  for (let depth = 0; depth < 70; depth += 1) deep = join(deep, 'd');
  mkdirSync(deep, { recursive: true });
  expect(codeTree(code).flaw).toMatchObject({ code: 'code-too-large', message: expect.stringContaining('deeper') });
});

test('notices code that changes while it is read', async () => {
  const big = join(code, 'big');
  writeFileSync(big, Buffer.alloc(32 << 20));
  const writer = spawnProcess('sh', ['-c', 'while :; do printf x >> "$1"; done', 'sh', big], {});
  try {
    await expect.poll(() => statSync(big).size, { timeout: 60_000 }).toBeGreaterThan(32 << 20);
    await expect.poll(() => flawOf(), { timeout: 60_000 }).toBe('code-changed');
  } finally {
    writer.kill('SIGKILL');
  }
}, 130_000);

test('a single file may be declared', () => {
  const one = codeTree(join(code, 'main.js'));
  expect(one).toMatchObject({ files: [{ path: '.', bytes: 4 }], flaw: null });
  writeFileSync(join(code, 'main.js'), 'mail');
  expect(codeTree(join(code, 'main.js')).digest).not.toBe(one.digest);
});

test('tells added, changed and removed files apart', () => {
  const before = codeTree(code).files;
  writeFileSync(join(code, 'main.js'), 'changed');
  writeFileSync(join(code, 'shell.sh'), 'new');
  rmSync(join(code, 'node_modules/dep/cli.js'));
  const { added, changed, removed } = codeDifference(before, codeTree(code).files);
  expect([added, changed, removed].map((files) => files.map(({ path }) => path))).toEqual([
    ['shell.sh'],
    ['main.js'],
    ['node_modules/dep/cli.js'],
  ]);
});
