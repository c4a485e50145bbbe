import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ConfigError, nearest, readConfig } from './config-file.js';
import { exec } from './exec.js';

const Schema = z.strictObject({
  host: z.string().default('here'),
  console: z.strictObject({ listen: z.string().default('127.0.0.1:1') }).prefault({}),
  services: z.array(z.strictObject({ name: z.string() })).default([]),
});
const keys = [
  { key: 'host', type: 'string' },
  { key: 'console', type: 'object' },
  { key: 'console.listen', type: 'string' },
  { key: 'services', type: 'list of object' },
  { key: 'services[].name', type: 'string' },
];
const read = (path: string | undefined) => readConfig(Schema, { path, keys }).value;
let folder = '';
let number = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string | Buffer): string {
  number += 1;
  const path = join(folder, `${number}.yaml`);
  writeFileSync(path, content);
  return path;
}

function failure(path: string): ConfigError {
  try {
    read(path);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was read');
}

test('without a file, and with an empty one, the defaults hold', () => {
  expect(read(undefined)).toEqual({
    host: 'here',
    console: { listen: '127.0.0.1:1' },
    services: [],
  });
  expect(read(file('')).host).toBe('here');
  expect(read(file('# nothing\n')).host).toBe('here');
});

test('broken YAML is refused with the place, whatever is wrong with it', () => {
  for (const text of [
    'host: [a',
    'host: a\nhost: b',
    'a: &x [*x]\n---\nb: 1',
    'host: "\u0007',
    '\thost: a',
    `x: ${'{a: '.repeat(50)}`,
  ])
    expect([text, failure(file(text)).code]).toEqual([text, 'config-syntax']);
  expect(failure(file('host: [a')).message).toMatch(/line 1/);
});

test('aliases that would grow without end are refused', () => {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let n = 0; n < 8; n += 1) {
    const [from, to] = [String.fromCharCode(97 + n), String.fromCharCode(98 + n)];
    lines.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
  }
  expect(failure(file(lines.join('\n'))).code).toBe('config-syntax');
});

test('every unknown key is named, with the one that was meant', () => {
  const { code, message, hint } = failure(
    file('hos: x\nconsole: { lisen: 1 }\nservices: [{ nam: x, name: y }]\nwhatever: 1'),
  );
  expect(code).toBe('config-invalid');
  for (const part of [
    '`hos`, did you mean `host`',
    '`console.lisen`, did you mean `console.listen`',
    'unknown key `whatever`',
  ])
    expect(message).toContain(part);
  expect(message).not.toContain('`whatever`, did');
  expect(hint).toContain('config explain');
});

test('what cannot be a settings file is refused before it is read: a directory, a pipe, a device, too much, no text', async () => {
  const directory = join(folder, 'directory');
  mkdirSync(directory);
  expect(failure(directory)).toMatchObject({
    code: 'config-unreadable',
    message: expect.stringContaining('is a directory'),
  });
  const pipe = join(folder, 'pipe');
  await exec('mkfifo', [pipe]);
  expect(failure(pipe).message).toContain('not a regular file');
  expect(failure('/dev/zero').message).toContain('not a regular file');
  expect(failure(file(Buffer.alloc((1 << 20) + 1, 32))).code).toBe('config-too-large');
  expect(failure(file(Buffer.from([0x68, 0xff, 0xfe]))).message).toContain('not UTF-8');
  expect(failure(join(folder, 'nowhere')).message).toContain('ENOENT');
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  expect(failure(loop).message).toContain('ELOOP');
  const closed = file('host: a');
  chmodSync(closed, 0);
  if (process.getuid?.() !== 0) expect(failure(closed).message).toContain('EACCES');
});

test('control characters of a file do not reach the terminal', () => {
  const { message } = failure(file('"\\e[31mred": 1'));
  expect(message).not.toContain('\u001b');
});

test('a word far from all others has no nearest', () => {
  expect(nearest('lissten', ['listen', 'host'])).toBe('listen');
  expect(nearest('zzz', ['listen', 'host'])).toBeUndefined();
});

test('a variable sets a key at any depth and leaves its neighbours', () => {
  const schema = z.strictObject({
    keep: z.strictObject({ old: z.strictObject({ days: z.number(), megaBytes: z.number() }), on: z.boolean() }),
  });
  const path = file('keep: { old: { days: 1, megaBytes: 2 }, on: true }\n');
  vi.stubEnv('TRICORDON_KEEP__OLD__MEGA_BYTES', '3');
  vi.stubEnv('TRICORDON_KEEP__ON', 'false');
  const keys = [
    { key: 'keep.old.megaBytes', type: 'number' },
    { key: 'keep.on', type: 'boolean' },
  ];
  expect(readConfig(schema, { path, keys }).value).toEqual({ keep: { old: { days: 1, megaBytes: 3 }, on: false } });
  vi.unstubAllEnvs();
});
