import { expect, it } from 'vitest';
import { timeAxis } from './time-axis.ts';

it('is to scale when all steps can be told apart that way', () => {
  const { x, breaks } = timeAxis([0, 100, 200, 400], 100, 500);
  expect([0, 100, 200, 400].map(x)).toEqual([100, 200, 300, 500]);
  expect(breaks).toEqual([]);
});

it('keeps steps milliseconds apart visibly apart, and marks what it shortened', () => {
  const times = [0, 8, 21, 206, 450, 712, 1_210, 1_304, 1_702, 9_410];
  const { x, breaks } = timeAxis(times, 100, 800);
  const places = times.map(x);
  for (const [index, place] of places.entries())
    if (index > 0) expect(place - (places[index - 1] ?? 0)).toBeGreaterThanOrEqual(26);
  expect(places.at(-1)).toBeCloseTo(800);
  expect(breaks.some(({ ms }) => ms === 7_708)).toBe(true);
});

it('never runs backwards, and stays inside', () => {
  const times = Array.from({ length: 200 }, (_, index) => (index * index * 37) % 90_001).toSorted((a, b) => a - b);
  const { x } = timeAxis(times, 0, 600);
  let last = 0;
  for (const time of times) {
    expect(x(time)).toBeGreaterThanOrEqual(last - 1e-6);
    last = x(time);
  }
  expect(last).toBeLessThanOrEqual(600.001);
});

it('holds a single moment', () => {
  expect(timeAxis([0], 10, 500).x(0)).toBe(10);
  expect(timeAxis([], 10, 500).ticks).toHaveLength(1);
});
