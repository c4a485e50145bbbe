import { expect, test } from 'vitest';
import { layGraph } from './graph-layout.ts';

test('hostile names neither break the drawing nor reach the prototype of all objects', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', ''];
  const boxes = names.map((id) => ({ id, width: 80, height: 30 }));
  const lines = [{ id: '__proto__', from: '__proto__', to: 'constructor', labelWidth: 40, labelHeight: 20 }];
  const laid = layGraph(boxes, lines, { rank: 60, node: 20 });
  expect(laid.width).toBeGreaterThan(0);
  expect(laid.boxes.size).toBe(4);
  expect(laid.lines.has('__proto__')).toBe(true);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
