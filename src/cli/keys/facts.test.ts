import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyFacts } from './facts.js';
import { keyRegistry } from './registry.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tc-keys-'));
  for (const folder of ['keys/ca', 'agent']) mkdirSync(join(dataDir, folder), { recursive: true });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const uid = process.getuid?.() ?? 0;
const look = async (name: string) =>
  (await keyFacts(dataDir, 0, { root: uid, control: uid, agent: uid })).find((key) => key.name === name)?.file;

test('every key has a name of its own, and says all that there is to know', () => {
  expect(new Set(keyRegistry.map(({ name }) => name)).size).toBe(keyRegistry.length);
  for (const entry of keyRegistry) {
    const { name, path, owner } = entry;
    expect([name, path === null], name).toEqual([name, owner === null]);
    for (const text of [entry.purpose, entry.kept, entry.life, entry.rotation, entry.theft])
      expect(text.length, name).toBeGreaterThan(4);
  }
});

test('what others can read, change or have put there is told', async () => {
  const key = join(dataDir, 'agent/spool.key');
  expect(await look('spool')).toMatchObject({ state: 'absent', flaw: null });
  writeFileSync(key, 'x', { mode: 0o600 });
  expect(await look('spool')).toMatchObject({ state: 'present', flaw: null });
  chmodSync(key, 0o640);
  expect((await look('spool'))?.flaw).toBe('its mode is 640: others can read it');
  rmSync(key);
  symlinkSync('/etc/passwd', key);
  expect((await look('spool'))?.flaw).toBe('it is not a regular file');
  writeFileSync(join(dataDir, 'recovery.pub'), 'x', { mode: 0o644 });
  expect((await look('recovery key, public part'))?.flaw).toBeNull();
  chmodSync(join(dataDir, 'recovery.pub'), 0o666);
  expect((await look('recovery key, public part'))?.flaw).toBe('its mode is 666: others can change it');
  writeFileSync(join(dataDir, 'token'), 'x', { mode: 0o600 });
  const [strange] = (await keyFacts(dataDir, 0, { root: uid + 1 })).filter(({ name }) => name === 'operator token');
  expect(strange?.file?.flaw).toBe(`it belongs to user id ${uid}, not to ${uid + 1}`);
});

test('a folder in which others could put another key is told', async () => {
  const folder = join(dataDir, 'agent');
  writeFileSync(join(folder, 'spool.key'), 'x', { mode: 0o600 });
  chmodSync(folder, 0o711);
  expect((await look('spool'))?.flaw).toBeNull();
  chmodSync(folder, 0o730);
  expect((await look('spool'))?.flaw).toBe('the mode of its folder is 730: others can replace it');
  chmodSync(folder, 0o700);
  renameSync(folder, join(dataDir, 'elsewhere'));
  symlinkSync('elsewhere', folder);
  expect((await look('spool'))?.flaw).toBe('its folder is not a directory but leads elsewhere');
});
