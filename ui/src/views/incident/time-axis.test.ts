import { expect, test } from 'vitest';
import { axisOf, withoutOverlap } from './time-axis.ts';

const options = { left: 100, width: 800, least: 30 };

test('keeps the order and never puts two moments closer than the least distance', () => {
  const { positions, width } = axisOf([0, 0, 1, 8, 8, 300, 301], options);
  positions.slice(1).forEach((x, index) => {
    expect(x - (positions[index] ?? 0)).toBeGreaterThanOrEqual(30);
  });
  expect(positions.at(-1)).toBeLessThanOrEqual(width);
});

test('gives a longer gap more room, and marks the one that is out of all proportion', () => {
  const { positions, breaks } = axisOf([0, 10, 20, 60_020], options);
  const [a = 0, b = 0, c = 0, d = 0] = positions;
  expect(d - c).toBeGreaterThan(b - a);
  expect(breaks).toEqual([{ x: (c + d) / 2, ms: 60_000 }]);
});

test('grows beyond the box rather than pile up a thousand steps', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => index);
  expect(axisOf(many, options).width).toBe(100 + 999 * 30);
});

test('stands with no moment and with one', () => {
  expect(axisOf([], options)).toEqual({ positions: [], breaks: [], width: 800 });
  expect(axisOf([5], options).positions).toEqual([100]);
});

test('leaves out labels that would touch, earlier ones win', () => {
  const labels = [0, 10, 60, 100].map((x) => ({ x, width: 40 }));
  expect(withoutOverlap(labels)).toEqual([true, false, true, false]);
});
