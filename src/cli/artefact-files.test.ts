import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeArtefacts } from './artefact-files.js';

describe('artefacts in a folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tc-artefacts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const put = (files: Record<string, string>, force = false) =>
    writeArtefacts(
      join(folder, 'out'),
      Object.entries(files).map(([file, text]) => ({ file, text })),
      { force },
    );
  const read = (file: string) => readFileSync(join(folder, 'out', file), 'utf8');
  const refused = (message: string) =>
    expect.objectContaining({ code: 'refused', message: expect.stringContaining(message) });

  test('are written, and replaced while they are ours', async () => {
    await put({ 'a.json': '1', 'x.service.d/50.conf': '1' });
    await put({ 'a.json': '2', 'x.service.d/50.conf': '2' });
    expect([read('a.json'), read('x.service.d/50.conf')]).toEqual(['2', '2']);
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['.tricordon-compiled.json', 'a.json', 'x.service.d']);
  });

  test('never replace what somebody else wrote or changed, unless told; then nothing is written at all', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out/b.json'), 'mine');
    await expect(put({ 'a.json': '1', 'b.json': '1' })).rejects.toEqual(refused('`b.json`'));
    expect([existsSync(join(folder, 'out/a.json')), read('b.json')]).toEqual([false, 'mine']);
    await put({ 'b.json': '1' }, true);
    writeFileSync(join(folder, 'out/b.json'), 'changed');
    await expect(put({ 'b.json': '2' })).rejects.toEqual(refused('`b.json`'));
    await put({ 'b.json': 'changed' });
    writeFileSync(join(folder, 'out/.tricordon-compiled.json'), '{');
    await expect(put({ 'b.json': '3' })).rejects.toEqual(refused('`b.json`'));
  });

  test('a folder is made with those above it; where none can be made, that is told', async () => {
    const deep = join(folder, 'a/b/c');
    await writeArtefacts(deep, [{ file: 'x', text: '1' }], { force: false });
    expect(readFileSync(join(deep, 'x'), 'utf8')).toBe('1');
    await expect(writeArtefacts('/proc/none/x', [], { force: false })).rejects.toEqual(refused('(ENOENT)'));
    await expect(writeArtefacts(join(deep, 'x'), [{ file: 'y', text: '' }], { force: false })).rejects.toEqual(
      refused('(ENOTDIR)'),
    );
  });

  test.each(['../a', '/a', 'a/../../b', 'a//b', './a', '', 'a\\b', '.tricordon-compiled.json'])(
    'named %j are refused',
    async (file) => {
      await expect(put({ [file]: '1' })).rejects.toEqual(refused('no name of a file'));
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('do not follow links, whether file or folder, not even with force', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'other'), 'theirs');
    symlinkSync(join(folder, 'other'), join(folder, 'out/a'));
    symlinkSync(folder, join(folder, 'out/d'));
    await expect(put({ a: '1' }, true)).rejects.toEqual(refused('symbolic link'));
    await expect(put({ 'd/other': '1' }, true)).rejects.toEqual(refused('symbolic link'));
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('theirs');
  });
});
