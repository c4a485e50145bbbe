import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.js';

test('joins what arrives in pieces, also inside a character', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const byte of Buffer.from('aÿ\nb\n\nrest')) splitter.push(Buffer.from([byte]));
  expect(lines).toEqual(['aÿ', 'b', '']);
});

test('drops an endless line, counts it and goes on with the next', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), 10);
  splitter.push(Buffer.from('x'.repeat(8)));
  splitter.push(Buffer.from('x'.repeat(8)));
  splitter.push(Buffer.from('tail\nok\n'));
  expect(lines).toEqual(['ok']);
  expect(splitter.dropped).toBe(1);
});
