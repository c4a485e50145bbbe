import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exec } from '../../base/index.js';
import type { Invocation } from '../command.js';
import { command } from '../commands/support-bundle.js';
import { createOutput } from '../output/output.js';
import { allowed, logShape } from './allowed.js';
import { tarOf } from './tar-file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsup-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** One for each place where a secret can be; each is found by its number if it comes through. */
let planted: string[] = [];
function plant(): string {
  const secret = `pLant3d-${planted.length}-${'x'.repeat(4)}`;
  planted = [...planted, secret];
  return secret;
}

async function bundle(options: Invocation['options']): Promise<unknown> {
  const results: unknown[] = [];
  const output = { ...createOutput(true), result: (value: unknown) => void results.push(value) };
  await command({ arguments: [], options, output });
  return results[0];
}

test('holds none of the secrets that lie where it looks, and says what is missing', async () => {
  planted = [];
  for (const folder of ['log/planes', 'keys/ca', 'agent']) mkdirSync(join(directory, folder), { recursive: true });
  const lines = [
    { level: 30, time: 1, name: 'control-plane', msg: `login of x with password=${plant()}` },
    { level: 30, time: 2, msg: 'kept message', account: plant(), by: plant(), actor: plant(), user: plant() },
    { level: 30, time: 3, msg: 'x', headers: { authorization: plant() }, env: { A: plant() }, body: plant() },
    {
      level: 30,
      time: 4,
      msg: 'x',
      err: { message: `connect postgresql://us:${plant()}@db/x`, stack: `cookie: a=${plant()}` },
    },
    { level: 50, time: 5, msg: `token ${'A1'.repeat(20)}${plant()}`, reason: `Bearer ${plant()}zzzz` },
  ];
  writeFileSync(
    join(directory, 'log/control.log'),
    `${lines.map((line) => JSON.stringify(line)).join('\n')}\nError: api_key: ${plant()}\n    at x (postgresql://a:${plant()}@h/)\n`,
  );
  writeFileSync(join(directory, 'log/shop.log'), `${plant()}\n`);
  writeFileSync(join(directory, 'keys/ca/root.key.pem'), plant());
  writeFileSync(join(directory, 'agent/spool.key'), plant());
  writeFileSync(join(directory, 'token'), plant());
  vi.stubEnv('MY_PASSWORD', plant());
  vi.stubEnv('PGPASSWORD', plant());
  const config = join(directory, 'tricordon.yaml');
  writeFileSync(
    config,
    `dataDir: ${directory}
database: { url: 'postgresql://us:${plant()}@db.example/x' }
services:
  - { name: shop, port: 8000, command: [run, '--key=${plant()}', '${plant()}'], user: ${plant()}, environment: { WORD: ${plant()} } }
`,
  );
  const file = join(directory, 'out.tar.gz');
  const result = await bundle({ config, to: file });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const out = join(directory, 'out');
  mkdirSync(out);
  expect((await exec('tar', ['-xzf', file, '-C', out])).status).toBe(0);
  const names = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const whole = names.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
  expect(planted.length).toBeGreaterThan(18);
  expect(planted.filter((secret) => whole.includes(secret) || JSON.stringify(result).includes(secret))).toEqual([]);

  expect(whole).toContain('kept message');
  expect(whole).toContain('postgresql://us:[redacted]@db.example/x');
  expect(whole).toContain('"name": "shop"');
  expect(names.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['about.json', 'doctor.json', 'host.txt', 'metrics-control.txt.missing']),
  );
  expect(whole).toContain('nothing runs in');
});

test('with --list nothing is written, and an existing file is never replaced', async () => {
  const config = join(directory, 'tricordon.yaml');
  writeFileSync(config, `dataDir: ${directory}`);
  const file = join(directory, 'out.tar.gz');
  expect(await bundle({ config, to: file, list: true })).toMatchObject({ file: null });
  expect(readdirSync(directory)).toEqual(['tricordon.yaml']);
  writeFileSync(file, 'mine');
  await expect(bundle({ config, to: file })).rejects.toMatchObject({
    code: 'refused',
    hint: expect.stringContaining('--to'),
  });
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('a log of any size gives a bounded part, its end', async () => {
  mkdirSync(join(directory, 'log'));
  const config = join(directory, 'tricordon.yaml');
  writeFileSync(config, `dataDir: ${directory}`);
  writeFileSync(join(directory, 'log/agent.log'), `${'plain words of a line\n'.repeat(200_000)}the last line\n`);
  const result = (await bundle({ config, list: true })) as { parts: { name: string; bytes: number }[] };
  const part = result.parts.find(({ name }) => name === 'log/agent.log');
  expect(part?.bytes).toBeLessThanOrEqual(256 << 10);
  expect(part?.bytes).toBeGreaterThan(200 << 10);
});

test('what is not on the list stays here, at any depth', () => {
  const line = { msg: 'x', err: { message: 'y', config: { password: 'z' } }, path: { a: 1 }, time: 4, unheard: 1 };
  expect(allowed(line, logShape)).toEqual({ msg: 'x', err: { message: 'y' }, path: null, time: 4 });
});

test('the archive is one that others read', async () => {
  const file = join(directory, 'x.tar');
  const contents = [0, 1, 511, 512, 513].map((size) => ({ name: `d/${size}`, content: Buffer.alloc(size, 97) }));
  writeFileSync(file, tarOf(contents, 1_000_000));
  const listed = await exec('tar', ['-tvf', file]);
  expect([listed.status, listed.stderr]).toEqual([0, '']);
  expect(
    listed.stdout
      .split('\n')
      .map((line) => line.split(/\s+/)[2])
      .slice(0, 5),
  ).toEqual(['0', '1', '511', '512', '513']);
});
