import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { silent, systemClock } from '../../base/index.js';
import type { ClusterOptions } from './connection.js';
import { prepareDataDirectory, prepareDirectories, serverAccount } from './directories.js';
import { checkServerVersion, discoverCluster } from './discover.js';
import { readLockFile } from './postmaster.js';

const isRoot = process.getuid?.() === 0;
const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: 'me' };
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('a data directory that is a file, or lies under one, is refused', async () => {
  const { root, options } = place();
  writeFileSync(join(root, 'd'), '');
  await expect(prepareDataDirectory(options, me)).rejects.toMatchObject({ code: 'not-a-directory' });
  await expect(prepareDataDirectory({ ...options, dataDir: join(root, 'd/x') }, me)).rejects.toMatchObject({
    code: 'not-a-directory',
  });
  await expect(discoverCluster({ ...options, dataDir: join(root, 'd') })).rejects.toMatchObject({
    code: 'not-a-directory',
  });
});

test('a link in place of the cluster is refused, wherever it leads', async () => {
  const { root, options } = place();
  mkdirSync(options.dataDir, { mode: 0o700 });
  symlinkSync('/etc', join(options.dataDir, 'postgres'));
  await expect(prepareDirectories(options, me)).rejects.toMatchObject({ code: 'not-a-directory' });
  expect(root).toBeTruthy();
});

test.runIf(isRoot)('a cluster of someone else, and a directory the account cannot enter, are refused', async () => {
  const { root, options } = place();
  const account = { uid: 65_534, gid: 65_534, name: 'nobody' };
  mkdirSync(join(options.dataDir, 'postgres'), { recursive: true });
  chownSync(join(options.dataDir, 'postgres'), 12_345, 12_345);
  await expect(prepareDirectories(options, account)).rejects.toMatchObject({ code: 'not-owner' });
  rmSync(options.dataDir, { recursive: true });
  chmodSync(root, 0o700);
  await expect(prepareDataDirectory(options, account)).rejects.toMatchObject({ code: 'unreachable-directory' });
});

test('a place where no directory can be made is refused', async () => {
  const { options } = place();
  await expect(prepareDataDirectory({ ...options, dataDir: '/proc/tricordon/x' }, me)).rejects.toMatchObject({
    code: 'not-owner',
  });
});

test('a runtime directory whose socket path would be too long is refused before anything is made', async () => {
  const { root, options } = place();
  const long = join(root, 'x'.repeat(100));
  await expect(prepareDataDirectory({ ...options, runtimeDir: long }, me)).rejects.toMatchObject({
    code: 'socket-path-too-long',
  });
});

test.runIf(isRoot)('root without an account for the server is refused', () => {
  expect(() => serverAccount({})).toThrow(expect.objectContaining({ code: 'no-account' }));
  expect(() => serverAccount({ account: { uid: 0, gid: 0, name: 'root' } })).toThrow(
    expect.objectContaining({ code: 'no-account' }),
  );
});

test('a lock file is live only for a server of this very directory', () => {
  const { root } = place();
  expect(readLockFile(root)).toEqual({ kind: 'none' });
  for (const content of [
    '',
    'x\n',
    '-1\n',
    '0\n',
    '1\n',
    `${process.pid}\n/elsewhere\n`,
    '999999999\n',
    '\u0000'.repeat(100),
  ]) {
    writeFileSync(join(root, 'postmaster.pid'), content);
    expect(readLockFile(root), JSON.stringify(content)).toMatchObject({ kind: 'stale' });
  }
});

test('without any server, or with an old one only, it says what to install', async () => {
  const { root, options } = place();
  writeFileSync(join(root, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 13.9"\n', { mode: 0o755 });
  for (const folders of [[], ['/nowhere'], [root]]) {
    await expect(discoverCluster({ ...options, only: 'system', folders })).rejects.toMatchObject({
      code: 'no-binaries',
    });
  }
});

test('a server of the operator that is too old is refused', () => {
  expect(() => checkServerVersion(130_009)).toThrow(expect.objectContaining({ code: 'version-too-old' }));
  expect(() => checkServerVersion(140_000)).not.toThrow();
});

function place() {
  const root = mkdtempSync(join(tmpdir(), 'tc-'));
  chmodSync(root, 0o711);
  folders.push(root);
  const options: ClusterOptions = {
    dataDir: join(root, 'd'),
    runtimeDir: join(root, 'r'),
    clock: systemClock,
    log: silent,
  };
  return { root, options };
}
