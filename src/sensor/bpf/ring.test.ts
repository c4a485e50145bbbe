import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRing } from './ring.js';

/** A ring of 64 bytes as the kernel shows it: mapped twice in a row. */
function ring(size = 64) {
  const shared = Buffer.alloc(size * 2);
  return {
    consumed: new BigUint64Array(1),
    produced: new BigUint64Array(1),
    data: shared,
    write(text: string, flags = 0): void {
      const from = Number(this.produced[0] ?? 0n) % size;
      const bytes = Buffer.alloc(Math.ceil((text.length + 8) / 8) * 8);
      bytes.writeUInt32LE((text.length | flags) >>> 0, 0);
      bytes.write(text, 8, 'latin1');
      for (const [at, byte] of bytes.entries()) {
        for (const half of [0, size]) shared[((from + at) % size) + half] = byte;
      }
      this.produced[0] = (this.produced[0] ?? 0n) + BigInt(bytes.length);
    },
  };
}

function take(from: ReturnType<typeof ring>, limit = 100): string[] {
  const taken: string[] = [];
  readRing(from, (record) => taken.push(record.toString('latin1')), limit);
  return taken;
}

test('hands out records in order, also over the end of the ring', () => {
  const one = ring();
  for (let n = 0; n < 20; n += 1) {
    one.write(`record ${n}`);
    one.write('x'.repeat(n % 12));
    expect(take(one)).toEqual([`record ${n}`, 'x'.repeat(n % 12)]);
  }
  expect(one.consumed[0]).toBe(one.produced[0]);
});

test('stops at one that is still being written, and passes over one that was given up', () => {
  const one = ring();
  one.write('a');
  one.write('gone', 0x4000_0000);
  one.write('b', 0x8000_0000);
  one.write('c');
  expect(take(one)).toEqual(['a']);
  one.data.writeUInt32LE(1, Number(one.consumed[0]));
  expect(take(one)).toEqual(['b', 'c']);
});

test('takes no more than it may, and goes on from there', () => {
  const one = ring();
  for (const text of ['a', 'b', 'c']) one.write(text);
  expect(take(one, 2)).toEqual(['a', 'b']);
  expect(take(one, 2)).toEqual(['c']);
});

test('what is no ring is an error, and never an endless one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 128, maxLength: 128 }), fc.nat(1_000), (bytes, produced) => {
      const one = {
        consumed: new BigUint64Array(1),
        produced: BigUint64Array.of(BigInt(produced)),
        data: Buffer.from(bytes),
      };
      try {
        readRing(one, () => {}, 1_000);
      } catch (error) {
        expect(String(error)).toMatch(/a record of [0-9]+ bytes/);
      }
    }),
  );
});
