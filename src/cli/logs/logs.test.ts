import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec } from '../../base/index.js';
import { logPaths, readLog } from './log-file.js';
import { parseLogLine, shown, wanted } from './log-line.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tlog-'));
  mkdirSync(join(directory, 'log/planes'), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const line = (level: number, time: number, msg: string) =>
  JSON.stringify({ level, time, pid: 1, name: 'agent', msg, host: 'a\nb' });

test('reads a line of ours, and takes everything else for the text it is', () => {
  expect(parseLogLine('agent', line(40, 5, 'late'))).toEqual({
    process: 'agent',
    at: 5,
    level: 'warn',
    message: 'late',
    fields: { host: 'a\nb' },
  });
  for (const text of ['plain', '{"level":30}', '{"level":"x","time":1}', '{broken', '[]'])
    expect(parseLogLine('shop', text)).toMatchObject({ at: null, level: null, message: text });
});

test('nothing that was logged moves the terminal', () => {
  const text = shown(parseLogLine('shop', line(30, 0, 'a\u001b[2Jb')));
  expect(text).toBe('1970-01-01T00:00:00.000Z shop info  a\\x1b[2Jb  host=a\\x0ab');
  expect(shown(parseLogLine('shop', '\u001b]0;x\u0007'))).toBe('shop  \\x1b]0;x\\x07');
});

test('chooses by time and level, and keeps what has neither', () => {
  const one = parseLogLine('agent', line(30, 1_000, 'x'));
  expect([wanted(one, 1_000, 'info'), wanted(one, 1_001, undefined), wanted(one, undefined, 'warn')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(wanted(parseLogLine('shop', 'plain'), 9_999, 'fatal')).toBe(true);
});

test('goes on behind the last whole line, and begins anew with a new file', async () => {
  const [path = ''] = logPaths(directory, 'agent');
  writeFileSync(path, 'one\ntwo\nthr');
  const first = await readLog(path, undefined);
  expect(first?.lines).toEqual(['one', 'two']);
  appendFileSync(path, 'ee\n');
  const second = await readLog(path, first);
  expect(second?.lines).toEqual(['three']);
  expect((await readLog(path, second))?.lines).toEqual([]);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'new file, longer than the old one was\n');
  expect((await readLog(path, second))?.lines).toEqual(['new file, longer than the old one was']);
  writeFileSync(path, 'cut\n');
  expect((await readLog(path, await readLog(`${path}.1`, undefined)))?.lines).toEqual(['cut']);
});

test('of a long log only the end is read, from the first whole line on', async () => {
  const [path = ''] = logPaths(directory, 'agent');
  writeFileSync(path, `${'x'.repeat(99)}\n`.repeat(100_000));
  const read = await readLog(path, undefined);
  expect(read?.lines.length).toBeGreaterThan(80_000);
  expect(read?.lines.every((one) => one.length === 99)).toBe(true);
});

test('follows no link and waits for no FIFO', async () => {
  const [path = ''] = logPaths(directory, 'agent');
  symlinkSync('/etc/passwd', path);
  await expect(readLog(path, undefined)).rejects.toMatchObject({ code: 'ELOOP' });
  rmSync(path);
  expect((await exec('mkfifo', [path])).status).toBe(0);
  await expect(readLog(path, undefined)).rejects.toMatchObject({ code: 'ENOTREG' });
  expect(await readLog(join(directory, 'log/none.log'), undefined)).toBeUndefined();
});
