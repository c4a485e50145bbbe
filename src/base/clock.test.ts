import { expect, test } from 'vitest';
import { manualClock, skewed, systemClock } from './clock.js';

test('a skewed clock is off by a fixed time, and its monotonic part is not', () => {
  const clock = manualClock(1_000);
  const off = skewed(clock, -400);
  clock.advance(50);
  expect([off.now(), off.monotonic()]).toEqual([650, 50]);
});

test('the system clock tells the wall clock with fractions, and never goes back on its monotonic side', () => {
  const before = Date.now();
  const [now, first] = [systemClock.now(), systemClock.monotonic()];
  expect(Math.abs(now - before)).toBeLessThan(1_000);
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
});
