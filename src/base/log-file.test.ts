import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exec } from './exec.js';
import { openLogFile, rotateLog, rotateLogs } from './log-file.js';

let folder = '';
let number = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-logs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function place(): string {
  number += 1;
  const path = join(folder, String(number));
  mkdirSync(path);
  return join(path, 'a.log');
}
const limits = { bytes: 1_000, files: 2 };
const text = (path: string) => readFileSync(path, 'utf8');

test('a writer that keeps its file open goes on, and no line is lost between the files', () => {
  const path = place();
  const fd = openLogFile(path);
  const lines: string[] = [];
  for (let n = 0; n < 100; n += 1) {
    const line = `line ${String(n).padStart(20, '0')}\n`;
    lines.push(line);
    writeSync(fd, line);
    if (n % 10 === 9) rotateLog(path, { bytes: 1_000, files: 5 });
  }
  const found =
    [3, 2, 1]
      .map((n) => `${path}.${n}`)
      .filter(existsSync)
      .map(text)
      .join('') + text(path);
  expect(found).toBe(lines.join(''));
  closeSync(fd);
});

test('no more older files than asked for, each no larger than twice the limit, also when fewer are asked for later', () => {
  const path = place();
  const grow = (mark: string) => writeFileSync(path, mark.repeat(5_000), { flag: 'a' });
  for (const mark of ['a', 'b', 'c', 'd']) {
    grow(mark);
    expect(rotateLog(path, limits)).toBe('rotated');
    expect(statSync(path).size).toBe(0);
  }
  expect([text(`${path}.1`), text(`${path}.2`)]).toEqual(['d'.repeat(2_000), 'c'.repeat(2_000)]);
  expect(existsSync(`${path}.3`)).toBe(false);
  expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
  grow('e');
  expect(rotateLog(path, { bytes: 1_000, files: 1 })).toBe('rotated');
  expect([text(`${path}.1`)[0], existsSync(`${path}.2`)]).toEqual(['e', false]);
  grow('f');
  expect(rotateLog(path, { bytes: 1_000, files: 0 })).toBe('emptied');
  expect([statSync(path).size, existsSync(`${path}.1`)]).toEqual([0, false]);
  expect(rotateLog(path, limits)).toBe('small');
  expect(rotateLog(`${path}.none`, limits)).toBe('held');
});

test('a hole that a writer left costs nothing to copy', () => {
  const path = place();
  const fd = openSync(path, 'w', 0o600);
  writeSync(fd, 'the end', 2 ** 36);
  closeSync(fd);
  expect(rotateLog(path, limits)).toBe('rotated');
  expect(statSync(`${path}.1`).size).toBe(2_000);
  expect(text(`${path}.1`).endsWith('the end')).toBe(true);
});

test('what is no plain file of ours is neither followed, waited for, nor emptied', async () => {
  const path = place();
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'x'.repeat(5_000));
  const whole = () => expect(statSync(victim).size).toBe(5_000);

  symlinkSync(victim, path);
  expect(() => openLogFile(path)).toThrow(/ENOTREG/);
  expect(['small', 'held']).toContain(rotateLog(path, { bytes: 1, files: 2 }));
  whole();
  rmSync(path);

  linkSync(victim, path);
  expect(rotateLog(path, limits)).toBe('held');
  whole();
  rmSync(path);

  expect((await exec('mkfifo', [path])).status).toBe(0);
  expect(() => openLogFile(path)).toThrow(/ENOTREG/);
  expect(rotateLog(path, { bytes: -1, files: 2 })).toBe('held');
  rmSync(path);

  // Older names that lead elsewhere: replaced as names, never written through.
  writeFileSync(path, 'y'.repeat(5_000), { mode: 0o600 });
  symlinkSync(victim, `${path}.1`);
  expect(rotateLog(path, limits)).toBe('rotated');
  expect([lstatSync(`${path}.1`).isFile(), lstatSync(`${path}.2`).isSymbolicLink()]).toEqual([true, true]);
  whole();
  rmSync(`${path}.1`);
  mkdirSync(`${path}.1`);
  mkdirSync(`${path}.1/x`);
  writeFileSync(path, 'z'.repeat(5_000), { flag: 'a' });
  rotateLog(path, { bytes: 1_000, files: 1 });
  whole();
});

test('of a folder, only logs are looked at', () => {
  const path = place();
  for (const name of ['a.log', 'b.log', 'c.log.out'])
    writeFileSync(join(path, '..', name), 'x'.repeat(2_000), { mode: 0o600 });
  writeFileSync(join(path, '..', 'd.log'), 'x');
  expect([...rotateLogs(join(path, '..'), limits)].sort()).toEqual([
    ['a.log', 'rotated'],
    ['b.log', 'rotated'],
  ]);
});
