import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerTo, answerToMalformed, parseQuestion } from './dns-message.js';

function query(name: string, type = 1, more: Buffer = Buffer.alloc(0)): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const head = Buffer.from([0x12, 0x34, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, more.length === 0 ? 0 : 1]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1]), more]);
}

/** EDNS (RFC 6891), as every client sends it. */
const edns = Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);

test('a question is its name in small letters, its type, and itself', () => {
  const asked = query('Api.Example.com', 28, edns);
  expect(parseQuestion(asked)).toEqual({
    name: 'api.example.com',
    type: 'AAAA',
    asked: asked.subarray(0, asked.length - edns.length),
  });
  expect(parseQuestion(query('_grpc.svc', 33))).toMatchObject({ name: '_grpc.svc', type: 'other' });
});

test('an answer repeats the question and points to its name', () => {
  const question = parseQuestion(query('a.example', 1, edns));
  if (question === undefined) throw new Error('no question');
  const answer = answerTo(question, 'good', ['198.19.1.2', '198.19.255.0'], 30);
  expect(answer.subarray(0, 12).toString('hex')).toBe('123481800001000200000000');
  expect(answer.subarray(question.asked.length).toString('hex')).toBe(
    'c00c000100010000001e0004c6130102' + 'c00c000100010000001e0004c613ff00',
  );
  expect(answerTo(question, 'refused', [], 0).readUInt16BE(2) & 15).toBe(5);
});

test.each([
  ['an answer', (bytes: Buffer) => bytes.writeUInt8(0x81, 2)],
  ['an update', (bytes: Buffer) => bytes.writeUInt8(0x29, 2)],
  ['two questions', (bytes: Buffer) => bytes.writeUInt16BE(2, 4)],
  ['a pointer for a name', (bytes: Buffer) => bytes.writeUInt8(0xc0, 12)],
  ['another class', (bytes: Buffer) => bytes.writeUInt8(3, bytes.length - 1)],
  ['a dot within a label', (bytes: Buffer) => bytes.write('.', 13, 'latin1')],
  ['a byte that no host has', (bytes: Buffer) => bytes.writeUInt8(0, 13)],
])('%s is no question of ours', (_, change) => {
  const bytes = query('example.com');
  change(bytes);
  expect(parseQuestion(bytes)).toBe(undefined);
});

test('what is too long, too short or any bytes is no question, and is told so under its own number', () => {
  expect(parseQuestion(query(Array.from({ length: 130 }, () => 'a').join('.')))).toBe(undefined);
  expect(answerToMalformed(query('a'))?.toString('hex')).toBe('123480810000000000000000');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const message = Buffer.from(bytes);
      parseQuestion(message);
      answerToMalformed(message);
    }),
  );
  for (let length = 0; length < 20; length += 1)
    expect(parseQuestion(query('abc').subarray(0, length))).toBe(undefined);
});
