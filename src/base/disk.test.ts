import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { announce } from './announce.js';
import { isDiskFull, leastRoom, roomAt } from './disk.js';
import { logDestination } from './log.js';

const full = '/dev/full';

test('a disk is full when PostgreSQL could not make its next file', () => {
  const { freeBytes, full: isFull } = roomAt(tmpdir());
  expect(isFull).toBe(freeBytes < leastRoom);
  expect(() => roomAt(join(tmpdir(), 'not/there'))).toThrow(/ENOENT/);
});

test('a missing room is told from other failures', () => {
  const file = openSync(full, 'w');
  try {
    writeSync(file, 'x');
    expect.unreachable();
  } catch (error) {
    expect(isDiskFull(error)).toBe(true);
  } finally {
    closeSync(file);
  }
  expect(isDiskFull(Object.assign(new Error('x'), { code: 'EIO' }))).toBe(false);
});

test('a log on a full disk ends nothing, and is bounded in memory', () => {
  const file = openSync(full, 'w');
  const log = pino({}, logDestination(file));
  for (let count = 0; count < 2_000; count += 1) log.error({ count, text: 'x'.repeat(1_000) }, 'still here');
  closeSync(file);
});

test('the line that says ready is finished when there is room again, and stands there once', () => {
  vi.useFakeTimers();
  const said: string[] = [];
  let room = 5;
  const write = (bytes: Buffer) => {
    if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const part = bytes.subarray(0, room);
    room -= part.length;
    said.push(part.toString());
    return part.length;
  };
  try {
    announce({ ready: true }, write);
    expect(said.join('')).toBe('{"rea');
    vi.advanceTimersByTime(3_000);
    expect(said.join('')).toBe('{"rea');
    room = 1_000;
    vi.advanceTimersByTime(10_000);
    expect(said.join('')).toBe('{"ready":true}\n');
  } finally {
    vi.useRealTimers();
  }
});

test('another failure of that line is not hidden', () => {
  const broken = () => {
    throw Object.assign(new Error('bad file'), { code: 'EBADF' });
  };
  expect(() => announce({ ready: true }, broken)).toThrow('bad file');
});
