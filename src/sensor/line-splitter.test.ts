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

test('keeps a beginning when the buffer it came in is used again', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  const buffer = Buffer.from('begin');
  splitter.push(buffer);
  buffer.write('ning\n');
  splitter.push(buffer.subarray(0, 5));
  expect(lines).toEqual(['beginning']);
});
