import { expect, test } from 'vitest';
import { Assembler } from './assembler.js';

test('writes instructions as RFC 9669 has them', () => {
  const a = new Assembler();
  a.mov(6, { r: 1 });
  a.when(6, 'eq', 7, 'out');
  a.load(8, 3, 6, -16);
  a.store(4, 10, -8, 5);
  a.constant(1, 0x1_0000_0002n);
  a.call('ktime');
  a.label('out');
  a.exit();
  expect(a.bytes().toString('hex').match(/.{16}/g)).toEqual([
    'bf16000000000000',
    '1506050007000000',
    '7963f0ff00000000',
    '620af8ff05000000',
    '1801000002000000',
    '0000000001000000',
    '8500000005000000',
    'b700000000000000',
    '9500000000000000',
  ]);
});

test('a jump to nowhere is an error', () => {
  const a = new Assembler();
  a.jump('nowhere');
  expect(() => a.bytes()).toThrow('`nowhere`');
});
