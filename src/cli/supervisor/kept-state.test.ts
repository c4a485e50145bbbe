import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StateFile } from '../state-file.js';
import { keepState } from './kept-state.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a full disk does not end a supervisor: it says so once, and writes what holds when there is room', () => {
  const said: string[] = [];
  const written: string[] = [];
  let code: string | undefined;
  let console = 'first';
  const state = keepState({
    dataDir: '/data',
    current: () => ({ console }) as StateFile, // only what the test looks at
    say: (line) => said.push(line),
    write: (_, { console: now }) => {
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      written.push(String(now));
    },
  });
  state.save();
  code = 'ENOSPC';
  state.save();
  console = 'second';
  state.save();
  vi.advanceTimersByTime(5_000);
  expect(said).toEqual([expect.stringMatching(/no space left in `\/data`/)]);
  expect(written).toEqual(['first']);
  code = undefined;
  vi.advanceTimersByTime(2_000);
  expect(written).toEqual(['first', 'second']);
  vi.advanceTimersByTime(10_000);
  expect(written).toHaveLength(2);
  state.end();
  state.save();
  expect(written).toHaveLength(2);
});

test('what never was written, and another failure, is an error', () => {
  let code = 'ENOSPC';
  let broken = true;
  const state = keepState({
    dataDir: '/data',
    current: () => ({}) as StateFile, // not looked at
    say: () => {},
    write: () => {
      if (broken) throw Object.assign(new Error(code), { code });
    },
  });
  expect(() => state.save()).toThrow('ENOSPC');
  broken = false;
  state.save();
  broken = true;
  code = 'EACCES';
  expect(() => state.save()).toThrow('EACCES');
});
