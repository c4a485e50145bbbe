import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rootKeyStore } from './root-key.js';
import { protectRoot } from './root-key-text.js';
import { handOver, takeOver } from './subkey-handover.js';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'root-key-'));
  path = join(directory, 'root.key');
});
afterEach(() => rmSync(directory, { recursive: true }));

const keysOf = (passphrase?: string) => store(passphrase).subkeys(['spool', 'people']);
const store = (passphrase?: string) => rootKeyStore({ directory, ...(passphrase === undefined ? {} : { passphrase }) });

test('a root key is made once, with mode 400, and gives the same subkeys each time', () => {
  expect(store().ids()).toEqual([]);
  store().make();
  expect(statSync(path).mode & 0o777).toBe(0o400);
  expect(keysOf()).toEqual(keysOf());
  expect(keysOf().map(({ purpose }) => purpose)).toEqual(['spool', 'people']);
  expect(() => store().make()).toThrow(expect.objectContaining({ code: 'root-key-broken' }));
  expect(readdirSync(directory)).toEqual(['root.key']);
});

test('a passphrase that is set later protects the key that is there', () => {
  store().make();
  const before = keysOf();
  const plain = readFileSync(path, 'latin1');
  store('correct horse').keep();
  expect(readFileSync(path, 'latin1')).not.toContain(plain.trim().split(' ').at(-1));
  expect(keysOf('correct horse')).toEqual(before);
  expect(() => keysOf()).toThrow(expect.objectContaining({ code: 'ca-passphrase-wrong' }));
  expect(() => keysOf('wrong')).toThrow(expect.objectContaining({ code: 'ca-passphrase-wrong' }));
  // Who only has to know which one it is needs no passphrase.
  expect(store().ids()).toEqual([before[0]?.rootId]);
});

test('refuses what is missing, open to others, a link, something else, or was changed', () => {
  const refused = (what: string) =>
    expect(() => keysOf(), what).toThrow(
      expect.objectContaining({ code: 'root-key-broken', hint: expect.any(String) }),
    );
  refused('missing');
  store().make();
  const whole = readFileSync(path, 'latin1');
  chmodSync(path, 0o440);
  refused('readable by the group');
  chmodSync(path, 0o600);
  for (const content of [
    '',
    'x',
    whole.slice(0, -5),
    `${whole}${whole}`,
    whole.replace(/ [0-9a-f]{16} /, ' 0123456789abcdef '),
  ]) {
    writeFileSync(path, content);
    refused(content);
  }
  rmSync(path);
  writeFileSync(join(directory, 'elsewhere'), whole, { mode: 0o400 });
  symlinkSync('elsewhere', path);
  refused('a link');
  rmSync(path);
  linkSync(join(directory, 'elsewhere'), path);
  chmodSync(directory, 0o755);
  refused('a directory that others enter');
  chmodSync(directory, 0o700);
  expect(keysOf()).toHaveLength(2);
});

test('refuses the key of another account', () => {
  store().make();
  const owner = { uid: (process.getuid?.() ?? 0) + 1, gid: 0 };
  expect(() => rootKeyStore({ directory, owner }).ids()).toThrow(expect.objectContaining({ code: 'root-key-broken' }));
});

test('while the root key changes both give their subkeys, the new one first; then the old one is gone', () => {
  store().make();
  const [before] = store().ids();
  store().beginChange();
  const [now, old] = store().ids();
  expect(old).toBe(before);
  expect(keysOf().map(({ rootId }) => rootId)).toEqual([now, now, old, old]);
  store().beginChange();
  expect(store().ids()).toEqual([now, old]);
  store().endChange();
  expect(store().ids()).toEqual([now]);
  expect(readdirSync(directory)).toEqual(['root.key']);
});

test('a change that was killed at any step begins again, or goes on', () => {
  store().make();
  const [before = ''] = store().ids();
  // Killed before the new one was in place: a draft, and the old one under both names.
  writeFileSync(join(directory, '.root.key.aaaaaaaaaaaa'), 'half', { mode: 0o400 });
  expect(store().ids()).toEqual([before]);
  linkSync(path, join(directory, 'root.key.old'));
  expect(store().ids()).toEqual([before]);
  store().beginChange();
  expect(store().ids()).toEqual([expect.not.stringContaining(before), before]);
  expect(readdirSync(directory).toSorted()).toEqual(['root.key', 'root.key.old']);
  // The new one lost, for whatever reason: what is sealed may be under either.
  copyFileSync(path, join(directory, 'kept'));
  rmSync(path);
  expect(() => keysOf()).toThrow(expect.objectContaining({ code: 'root-key-broken' }));
  expect(() => store().make()).toThrow(expect.objectContaining({ code: 'root-key-broken' }));
});

test('a change keeps the passphrase, and does not begin without it', () => {
  store('correct horse').make();
  expect(() => store('wrong').beginChange()).toThrow(expect.objectContaining({ code: 'ca-passphrase-wrong' }));
  expect(store().ids()).toHaveLength(1);
  store('correct horse').beginChange();
  expect(keysOf('correct horse')).toHaveLength(4);
  expect(() => keysOf()).toThrow(expect.objectContaining({ code: 'ca-passphrase-wrong' }));
});

test('the same root is never written twice in the same way under a passphrase', () => {
  const root = Buffer.alloc(32, 1);
  expect(protectRoot(root, 'x')).not.toBe(protectRoot(root, 'x'));
});

test('subkeys are handed over as they are, and the descriptor is closed', () => {
  store().make();
  writeFileSync(join(directory, 'pipe'), handOver(keysOf()));
  const descriptor = openSync(join(directory, 'pipe'), 'r');
  expect(takeOver(descriptor)).toEqual(keysOf());
  expect(() => readFileSync(descriptor)).toThrow();
});

test('what is handed over and is no list of subkeys is refused, without quoting it', () => {
  for (const text of ['', '{}', 'secret-words', handOver([]).replace('[]', '[{"purpose":"x"}]')]) {
    writeFileSync(join(directory, 'pipe'), text);
    const descriptor = openSync(join(directory, 'pipe'), 'r');
    expect(() => takeOver(descriptor)).toThrow(
      expect.objectContaining({ code: 'key-sealed', message: expect.not.stringContaining('secret') }),
    );
  }
  expect(() => takeOver(999_999)).toThrow(expect.objectContaining({ code: 'key-sealed' }));
});
