import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeDifference, codeTree } from './code-tree.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-code-'));
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'app.js'), 'one');
  writeFileSync(join(folder, 'lib/b.js'), 'two');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the digest of a code directory', () => {
  test('is the same for the same contents and changes with content, mode, name and link', () => {
    const first = codeTree(folder);
    expect(codeTree(folder).digest).toBe(first.digest);
    const digests = new Set([first.digest]);
    writeFileSync(join(folder, 'app.js'), 'ONE');
    digests.add(codeTree(folder).digest);
    chmodSync(join(folder, 'app.js'), 0o755);
    digests.add(codeTree(folder).digest);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    digests.add(codeTree(folder).digest);
    writeFileSync(join(folder, 'new.js'), '');
    digests.add(codeTree(folder).digest);
    expect(digests.size).toBe(5);
  });

  test('never reads through a link', () => {
    symlinkSync('/etc/passwd', join(folder, 'link'));
    expect(codeTree(folder).files.find(({ path }) => path === 'link')?.bytes).toBe('/etc/passwd'.length);
  });

  test('covers a file that a link leads out to, and names a link to a folder outside', () => {
    const outside = mkdtempSync(join(tmpdir(), 'tc-out-'));
    try {
      writeFileSync(join(outside, 'lib.js'), 'one');
      symlinkSync(join(outside, 'lib.js'), join(folder, 'out.js'));
      symlinkSync('lib', join(folder, 'inside'));
      symlinkSync('nowhere', join(folder, 'dangling'));
      const before = codeTree(folder);
      writeFileSync(join(outside, 'lib.js'), 'two');
      expect(codeTree(folder).digest).not.toBe(before.digest);
      expect(before.uncovered).toBeNull();
      symlinkSync(outside, join(folder, 'modules'));
      expect(codeTree(folder).uncovered).toBe('modules');
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test('says when it stopped early', () => {
    expect(codeTree(folder, { files: 1 }).truncated).toBe(true);
    expect(codeTree(folder, { depth: 0 }).truncated).toBe(true);
    expect(codeTree(folder).truncated).toBe(false);
  });

  test('tells added, changed and removed files apart', () => {
    const before = codeTree(folder).files;
    writeFileSync(join(folder, 'app.js'), 'changed');
    writeFileSync(join(folder, 'shell.sh'), 'new');
    rmSync(join(folder, 'lib/b.js'));
    const { added, changed, removed } = codeDifference(before, codeTree(folder).files);
    expect([added, changed, removed].map((files) => files.map(({ path }) => path))).toEqual([
      ['shell.sh'],
      ['app.js'],
      ['lib/b.js'],
    ]);
  });
});
