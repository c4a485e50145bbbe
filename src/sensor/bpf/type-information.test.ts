import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TypeInformation } from './type-information.js';

/** Two structures: `inner` with `b` at 4, and `outer` with `a` at 0 and a nameless `inner` at 8. */
function sample(): Buffer {
  const strings = Buffer.from('\0inner\0outer\0a\0b\0', 'latin1');
  const [inner, outer, a, b] = [1, 7, 13, 15];
  const structure = (name: number, size: number, members: readonly (readonly [number, number, number])[]) => {
    const bytes = Buffer.alloc(12 + members.length * 12);
    bytes.writeUInt32LE(name, 0);
    bytes.writeUInt32LE((4 << 24) | members.length, 4);
    bytes.writeUInt32LE(size, 8);
    for (const [n, member] of members.entries()) {
      for (const [k, value] of member.entries()) bytes.writeUInt32LE(value, 12 + n * 12 + k * 4);
    }
    return bytes;
  };
  const types = Buffer.concat([
    structure(inner, 8, [[b, 0, 32]]),
    structure(outer, 16, [
      [a, 0, 0],
      [0, 1, 64],
    ]),
  ]);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  for (const [n, value] of [24, 0, types.length, types.length, strings.length].entries()) {
    header.writeUInt32LE(value, 4 + n * 4);
  }
  return Buffer.concat([header, types, strings]);
}

test('finds fields, also within nameless members, and sizes', () => {
  const types = new TypeInformation(sample());
  expect(types.offsetOf('outer', 'a')).toBe(0);
  expect(types.offsetOf('outer', 'b')).toBe(12);
  expect(types.offsetOf('inner', 'renamed', 'b')).toBe(4);
  expect(types.sizeOf('outer')).toBe(16);
});

test('says what is missing', () => {
  const types = new TypeInformation(sample());
  expect(() => types.offsetOf('outer', 'x', 'y')).toThrow('`struct outer` has no field `x` or `y`');
  expect(() => types.sizeOf('none')).toThrow('the kernel has no `struct none`');
  expect(() => new TypeInformation(Buffer.alloc(10))).toThrow('not type information');
  expect(() => new TypeInformation(sample().subarray(0, 60))).toThrow('cut off');
});

test('damaged bytes end in an error or an answer, never in a loop', () => {
  const whole = sample();
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(whole);
      damaged[at] = byte;
      try {
        expect(new TypeInformation(damaged).offsetOf('outer', 'b')).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
