import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { announce } from './announce.js';
import { type DiskLevel, diskLevel, diskWatch, isDiskFull, leastRoom, type Room, roomAt } from './disk.js';
import { logDestination } from './log.js';

const full = '/dev/full';

test('a disk is full when PostgreSQL could not make its next file', () => {
  const { freeBytes, full: isFull } = roomAt(tmpdir());
  expect(isFull).toBe(freeBytes < leastRoom);
  expect(() => roomAt(join(tmpdir(), 'not/there'))).toThrow(/ENOENT/);
});

const GB = 2 ** 30;
const MB = 2 ** 20;

test.each<[string, number, number, DiskLevel, DiskLevel]>([
  ['4 % of a common disk is tight', 100 * GB, 4 * GB, 'normal', 'tight'],
  ['6 % is not', 100 * GB, 6 * GB, 'normal', 'normal'],
  ['6 % still is when it was', 100 * GB, 6 * GB, 'tight', 'tight'],
  ['8 % no longer', 100 * GB, 8 * GB, 'tight', 'normal'],
  ['200 GB free are no shortage, whatever share that is', 20_000 * GB, 200 * GB, 'normal', 'normal'],
  ['below 10 GB it is one on any disk', 20_000 * GB, 9 * GB, 'normal', 'tight'],
  ['a small disk is tight before it is full', 200 * MB, 39 * MB, 'normal', 'tight'],
  ['a small disk with room is not', 200 * MB, 50 * MB, 'normal', 'normal'],
  ['full beats tight', 100 * GB, leastRoom - 1, 'normal', 'full'],
  ['from full it goes to tight first', 100 * GB, leastRoom, 'full', 'tight'],
  ['and straight to normal with much room', 100 * GB, 50 * GB, 'full', 'normal'],
])('%s', (_what, totalBytes, freeBytes, before, level) => {
  expect(diskLevel({ totalBytes, freeBytes }, before)).toBe(level);
});

test('a watch tells each change once, and one that cannot look changes nothing', () => {
  const told: DiskLevel[] = [];
  let room: Room | undefined;
  const watch = diskWatch(
    '/any',
    (level) => told.push(level),
    () => {
      if (room === undefined) throw new Error('gone');
      return room;
    },
  );
  const free = (freeBytes: number) => {
    room = { totalBytes: 100 * GB, freeBytes, full: freeBytes < leastRoom };
    return watch.look();
  };
  expect(watch.look()).toBe('normal');
  expect([free(50 * GB), free(4 * GB), free(5.5 * GB), free(MB)]).toEqual(['normal', 'tight', 'tight', 'full']);
  room = undefined;
  expect([watch.look(), watch.level()]).toEqual(['full', 'full']);
  expect(free(30 * GB)).toBe('normal');
  expect(told).toEqual(['tight', 'full', 'normal']);
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
