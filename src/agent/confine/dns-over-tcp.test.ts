import fc from 'fast-check';
import { expect, test } from 'vitest';
import { truncatedAnswer } from './dns-over-tcp.js';

const head = [0xab, 0xcd, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1];
const question = [1, 97, 7, ...Buffer.from('example'), 0, 0, 1, 0, 1];
const edns = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];

test('a query is answered with itself, truncated', () => {
  const answer = truncatedAnswer(Buffer.from([...head, ...question, ...edns]));
  expect([...(answer ?? [])]).toEqual([0xab, 0xcd, 0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, ...question]);
});

test('answers, several questions and what ends too early get none', () => {
  expect(truncatedAnswer(Buffer.from([0xab, 0xcd, 0x81, ...head.slice(3), ...question]))).toBe(undefined);
  expect(truncatedAnswer(Buffer.from([...head.slice(0, 5), 2, ...head.slice(6), ...question]))).toBe(undefined);
  for (let length = 0; length < head.length + question.length; length += 1)
    expect(truncatedAnswer(Buffer.from([...head, ...question].slice(0, length)))).toBe(undefined);
});

test('no answer is longer than what it answers, and none is a query', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const answer = truncatedAnswer(Buffer.from(bytes));
      if (answer === undefined) return;
      expect(answer.length).toBeLessThanOrEqual(bytes.length);
      expect(answer.readUInt16BE(2) & 0x8200).toBe(0x8200);
    }),
  );
});
