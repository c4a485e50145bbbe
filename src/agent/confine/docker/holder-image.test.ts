import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { exec, isRunning, processFacts, spawnProcess } from '../../../base/index.js';
import { holderArchive, holderElf, holderTag } from './holder-image.js';

const folder = mkdtempSync(join(tmpdir(), 'tc-holder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['x64', 'arm64'] as const)('the holder for %s', (arch) => {
  test('is one loadable segment of a few bytes whose entry is its code', () => {
    const elf = holderElf(arch);
    expect(elf.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(elf.length).toBeLessThan(200);
    expect(elf.readBigUInt64LE(24)).toBe(elf.readBigUInt64LE(80) + 120n);
    expect(elf.readUInt16LE(56)).toBe(1);
    expect(elf.readUInt32LE(68)).toBe(5); // readable and executable, never writable
  });

  test('lies alone in an archive that tar reads', async () => {
    const path = join(folder, `${arch}.tar`);
    writeFileSync(path, holderArchive(arch));
    const listed = await exec('tar', ['--list', '--verbose', '--numeric-owner', '--file', path]);
    expect(listed.stdout).toMatch(new RegExp(`^-r-xr-xr-x 0/0 +${holderElf(arch).length} \\S+ \\S+ hold\n$`));
  });

  test('is named by what it is for', () => {
    expect(holderTag(arch)).toEqual({ repo: 'tricordon-holder', tag: `1-${arch}` });
  });
});

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('waits until it is ended', async () => {
  const path = join(folder, 'hold');
  writeFileSync(path, holderElf('x64'));
  chmodSync(path, 0o555);
  const child = spawnProcess(path, [], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));
  await new Promise((resolve, reject) => child.once('spawn', () => resolve(undefined)).once('error', reject));
  const facts = processFacts(child.pid ?? 0);
  expect(facts !== undefined && isRunning(facts.pid, facts.start)).toBe(true);
  child.kill('SIGTERM');
  expect(await ended).toBe('SIGTERM');
});
