import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadKeyFile, rootKeyStore } from '../identity/index.js';
import { rootKeyChecks } from './root-key-check.js';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'root-key-check-'));
  for (const name of ['root-key', 'keys', 'keys/ca']) mkdirSync(join(dataDir, name), { mode: 0o700 });
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const store = () => rootKeyStore({ directory: join(dataDir, 'root-key') });
const check = () => rootKeyChecks(dataDir, undefined);

async function seal(name: string): Promise<void> {
  const subkeys = store().subkeys(['people']);
  const place = { directory: join(dataDir, 'keys/ca'), name, purpose: 'people', subkeys } as const;
  await loadKeyFile(place, { make: () => Buffer.alloc(32, 1) });
}

test('says nothing where no key is sealed, and how many are', async () => {
  writeFileSync(join(dataDir, 'keys/ca/people.key'), 'plain', { mode: 0o600 });
  expect(await check()).toEqual([]);
  store().make();
  await seal('people.key');
  await seal('other.key');
  expect(await check()).toMatchObject([{ status: 'ok', detail: `2 keys are sealed under ${store().ids()[0]}` }]);
});

test('warns of a change that has not ended', async () => {
  store().make();
  await seal('people.key');
  store().beginChange();
  expect(await check()).toMatchObject([{ status: 'warn', fix: 'tricordon key rotate root' }]);
});

test('fails for a root key that is missing, changed, or another one', async () => {
  store().make();
  await seal('people.key');
  const path = join(dataDir, 'root-key/root.key');
  rmSync(path);
  expect(await check()).toMatchObject([{ status: 'fail', detail: expect.stringContaining('keys/ca/people.key') }]);
  store().make();
  expect(await check()).toMatchObject([{ status: 'fail', fix: expect.stringContaining('restore a backup') }]);
  rmSync(path);
  writeFileSync(path, 'something', { mode: 0o600 });
  expect(await check()).toMatchObject([{ status: 'fail', detail: expect.stringContaining('holds no root key') }]);
});
