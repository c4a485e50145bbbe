import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader, type FrameSink, frameTypes, leastCredit, longestData, windowBytes } from './frames.js';

function frame(type: number, value: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(((type << 24) | value) >>> 0, 0);
  header.writeUInt32BE(stream, 4);
  return Buffer.concat([header, payload]);
}

/** What a reader saw, with the pieces of one payload joined. */
class Seen implements FrameSink {
  readonly frames: (readonly [number, number, number, string])[] = [];
  onFrame(type: number, value: number, stream: number): undefined {
    this.frames.push([type, value, stream, '']);
  }
  onData(stream: number, length: number): undefined {
    this.frames.push([frameTypes.data, length, stream, '']);
  }
  onPayload(bytes: Buffer, from: number, to: number): void {
    const last = this.frames.pop();
    if (last === undefined) throw new Error('payload without a frame');
    this.frames.push([last[0], last[1], last[2], last[3] + bytes.toString('hex', from, to)]);
  }
}

const stream = fc.integer({ min: 1, max: 0xffffffff });
const anyFrame = fc.oneof(
  fc
    .tuple(fc.constantFrom(frameTypes.open, frameTypes.end, frameTypes.reset), stream)
    .map(([type, id]) => frame(type, 0, id)),
  fc.constantFrom(frameTypes.retire, frameTypes.ping, frameTypes.pong).map((type) => frame(type, 0, 0)),
  fc
    .tuple(fc.integer({ min: leastCredit, max: windowBytes }), stream)
    .map(([n, id]) => frame(frameTypes.credit, n, id)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), stream)
    .map(([bytes, id]) => frame(frameTypes.data, bytes.length, id, Buffer.from(bytes))),
);

describe('a frame reader', () => {
  test('reads the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 23 })),
        (all, cuts) => {
          const bytes = Buffer.concat(all);
          const whole = new Seen();
          expect(new FrameReader(whole).read(bytes, 0, bytes.length)).toBeUndefined();
          const pieces = new Seen();
          const reader = new FrameReader(pieces);
          for (let at = 0; at < bytes.length; ) {
            const stop = Math.min(bytes.length, at + (cuts.next().value ?? 1));
            expect(reader.read(bytes, at, stop)).toBeUndefined();
            at = stop;
          }
          expect(pieces.frames).toEqual(whole.frames);
          expect(reader.between).toBe(true);
          expect(whole.frames).toHaveLength(all.length);
        },
      ),
    );
  });

  test('never throws, whatever it is given, and says the same for any cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 200 }), (random, cut) => {
        const bytes = Buffer.from(random);
        const once = new FrameReader(new Seen()).read(bytes, 0, bytes.length);
        const reader = new FrameReader(new Seen());
        const at = Math.min(cut, bytes.length);
        expect(reader.read(bytes, 0, at) ?? reader.read(bytes, at, bytes.length)).toBe(once);
      }),
    );
  });

  test.each([
    ['type 0', frame(0, 0, 1), 'frame-type'],
    ['a type of the future', frame(9, 0, 1), 'frame-type'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'frame-type'],
    ['DATA without bytes', frame(frameTypes.data, 0, 1), 'frame-value'],
    ['DATA that is too long', frame(frameTypes.data, longestData + 1, 1), 'frame-value'],
    ['DATA for no stream', frame(frameTypes.data, 1, 0), 'frame-stream'],
    ['OPEN with a value', frame(frameTypes.open, 1, 1), 'frame-value'],
    ['OPEN for no stream', frame(frameTypes.open, 0, 0), 'frame-stream'],
    ['a drop of credit', frame(frameTypes.credit, leastCredit - 1, 1), 'frame-value'],
    ['an ocean of credit', frame(frameTypes.credit, windowBytes + 1, 1), 'frame-value'],
    ['PING for a stream', frame(frameTypes.ping, 0, 1), 'frame-stream'],
    ['RETIRE for a stream', frame(frameTypes.retire, 0, 7), 'frame-stream'],
  ])('refuses %s', (_name, bytes, violation) => {
    expect(new FrameReader(new Seen()).read(bytes, 0, bytes.length)).toBe(violation);
  });

  test('knows whether a connection ended inside a frame', () => {
    const reader = new FrameReader(new Seen());
    const bytes = frame(frameTypes.data, 4, 1, Buffer.from('abcd'));
    for (let at = 0; at < bytes.length; at += 1) {
      expect(reader.between).toBe(at === 0);
      reader.read(bytes, at, at + 1);
    }
    expect(reader.between).toBe(true);
  });
});
