import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { requires } from '../../requires.js';
import { asRoot, house, leftOf, ourAccounts, remove, roomy, start, tricordon } from '../house/support.js';

const it = await requires('postgresql');
const withRoot = await requires('root', 'postgresql');
const ready = it !== it.skip;

let directory = '';
beforeEach(() => {
  if (ready) directory = roomy();
});
afterEach(async () => {
  if (!ready) return;
  expect(await leftOf(directory, '')).toEqual([]);
  remove(directory);
});

/** `up` that does not come up: its exit status and what it says. */
async function refused(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  const { status, stderr } = await tricordon(asRoot(), ['up', ...args], directory);
  return { status, stderr };
}

it('does not start with settings that cannot be read: a directory, broken YAML, an unknown key', async () => {
  const data = ['--data-dir', join(directory, 'd')];
  mkdirSync(join(directory, 'folder'));
  writeFileSync(join(directory, 'broken.yaml'), 'console: [\n');
  writeFileSync(join(directory, 'typo.yaml'), 'console:\n  lisen: 127.0.0.1:0\n');
  for (const [file, message] of [
    ['folder', 'is a directory'],
    ['broken.yaml', 'line'],
    ['typo.yaml', 'did you mean `console.listen`?'],
    ['absent.yaml', 'ENOENT'],
  ] as const) {
    const done = await refused('--config', join(directory, file), ...data);
    expect([file, done.status, done.stderr]).toEqual([file, 1, expect.stringContaining(message)]);
  }
});

it('does not start on a data directory that is a file, or not ours', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(await refused('--data-dir', file)).toEqual({
    status: 1,
    stderr: expect.stringContaining('is not a directory'),
  });
  const foreign = join(directory, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'instance'), 'somebody else');
  const done = await refused('--data-dir', foreign);
  expect(done).toEqual({ status: 1, stderr: expect.stringContaining('is not ours') });
  expect((await tricordon(asRoot(), ['down', '--purge', '--data-dir', foreign])).status).toBe(1);
});

withRoot('does not start on a data directory that belongs to somebody else, and leaves it as it was', async () => {
  const foreign = join(directory, 'foreign');
  mkdirSync(foreign, { mode: 0o700 });
  chownSync(foreign, 65_534, 65_534);
  const before = ourAccounts();
  const done = await refused('--data-dir', foreign);
  expect([done.status, done.stderr]).toEqual([1, expect.stringContaining('belongs to user id 65534')]);
  expect(ourAccounts()).toEqual(before);
});

it('refuses a second `up` on one data directory, and the first one goes on', async () => {
  const home = house(asRoot(), directory);
  const first = await home.up();
  const second = await refused('--config', home.config, '--data-dir', home.data, '--runtime-dir', home.runtime);
  expect([second.status, second.stderr]).toEqual([1, expect.stringMatching(/is held by process \d+/)]);
  expect(second.stderr).toContain('tricordon down');
  expect((await home.cli('status')).status).toBe(0);
  const purged = await home.purge();
  expect(JSON.parse(purged.stdout)).toMatchObject({ purged: true });
  await first.done;
});

it('says which port is in use, stops what it had started, and starts once the port is free', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const home = house(asRoot(), directory, { console: { listen: `127.0.0.1:${port}` } });
  const where = ['--config', home.config, '--data-dir', home.data, '--runtime-dir', home.runtime];
  const done = await refused(...where);
  expect(done.status).toBe(3);
  expect(done.stderr).toContain(`another program listens on \`127.0.0.1:${port}\``);
  expect(done.stderr).toContain('console.listen');
  expect(await leftOf(directory, '')).toEqual([]);
  taken.close();
  const up = start(asRoot(), ['up', ...where, '-o', 'json'], directory);
  await up.until((out) => (out.includes('"ready":true') ? true : undefined));
  await home.purge();
  await up.done;
});

it('says that a directory cannot be written', async () => {
  if (process.getuid?.() === 0) return;
  const closed = join(directory, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  const done = await refused('--data-dir', join(closed, 'd'));
  expect([done.status, done.stderr]).toEqual([1, expect.stringContaining('EACCES')]);
});
