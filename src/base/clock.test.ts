import { expect, test } from 'vitest';
import { manualClock, skewed, steady, systemClock } from './clock.js';

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

test('a steady clock goes on when the wall clock is set back, and follows it forward', () => {
  const clock = manualClock(1_000);
  const held = steady(clock);
  clock.advance(500);
  expect(held.now()).toBe(1_500);
  clock.jump(-3_600_000);
  expect(held.now()).toBe(1_500);
  clock.advance(200);
  expect(held.now()).toBe(1_700);
  clock.jump(2 * 3_600_000);
  expect(held.now()).toBe(clock.now());
  expect(held.monotonic()).toBe(700);
});
