import { expect, test } from 'vitest';
import { arrange, pathOf } from './arrange.ts';

const space = { between: 20, ranks: 20, ways: 10, margin: 5 };
const box = { width: 40, height: 20 };

test('answers in the order it was asked, left to right', () => {
  const ways = [
    { from: 1, to: 0, ...box },
    { from: 2, to: 1, ...box },
  ];
  const { boxes, ways: lines, width, height } = arrange([box, box, box], ways, space);
  expect((boxes[2]?.x ?? 0) < (boxes[1]?.x ?? 0) && (boxes[1]?.x ?? 0) < (boxes[0]?.x ?? 0)).toBe(true);
  expect(lines.every(({ points }) => points.length >= 2)).toBe(true);
  expect(width * height).toBeGreaterThan(0);
});

test('nothing has no size', () => {
  expect(arrange([], [], space)).toEqual({ boxes: [], ways: [], width: 0, height: 0 });
});

test('a line runs through all of its points', () => {
  const path = pathOf([
    { x: 0, y: 0 },
    { x: 30, y: 60 },
    { x: 60, y: 0 },
  ]);
  expect(path).toMatch(/^M0 0C.* 30 60C.* 60 0$/);
  // The top is a top: the line lies flat there and does not swing beyond it.
  expect(path).toContain(' 20 60 30 60');
  expect(pathOf([{ x: 1, y: 1 }])).toBe('');
  expect(pathOf([])).toBe('');
});
