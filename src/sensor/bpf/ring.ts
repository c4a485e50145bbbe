/** Takes records out of the kernel's ring (Documentation/bpf/ringbuf.rst): written by many processors, in one order. */
import type { Ring } from './calls.js';

const busy = 0x8000_0000;
const discarded = 0x4000_0000;
const headerBytes = 8;

/**
 * Hands out up to `limit` finished records, in order, of those that stand there now: whoever writes faster than we read does not
 * hold us for ever. A record is the kernel's memory: it is valid until `take` returns.
 *
 * @returns how many there were
 * @throws Error when what stands there is no ring: then nothing of it can be believed
 */
export function readRing(
  ring: Pick<Ring, 'consumed' | 'produced' | 'data'>,
  take: (record: Buffer) => void,
  limit: number,
): number {
  const size = ring.data.length / 2;
  let at = Atomics.load(ring.consumed, 0);
  const end = Atomics.load(ring.produced, 0);
  let taken = 0;
  while (taken < limit && at < end) {
    const from = Number(at % BigInt(size));
    const header = ring.data.readUInt32LE(from);
    // Still being written: it becomes readable later, and nothing behind it is read before.
    if ((header & busy) !== 0) break;
    const length = header & ~(busy | discarded);
    if (length > size - headerBytes) throw new Error(`a record of ${length} bytes`);
    if ((header & discarded) === 0) {
      take(ring.data.subarray(from + headerBytes, from + headerBytes + length));
      taken += 1;
    }
    at += BigInt(Math.ceil((length + headerBytes) / 8) * 8);
    Atomics.store(ring.consumed, 0, at);
  }
  return taken;
}
