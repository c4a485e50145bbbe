import { TLSSocket } from 'node:tls';
import { HopStream } from './hop/stream.js';
import type { Wire } from './wire.js';

/** Below this a copy through a string is cheaper than a Buffer of its own. */
const small = 8 * 1024;

/**
 * Writes `bytes[from..to)`. `shared`: the memory is used again after this call (an `onread` buffer), so a large piece is
 * copied; a small one always is.
 *
 * @returns false when the receiver is slower than the sender
 */
export function writeBytes(wire: Wire, bytes: Buffer, from: number, to: number, shared: boolean): boolean {
  if (wire instanceof HopStream) return wire.writeRange(bytes, from, to);
  // With nothing queued TLS encrypts before `write` returns: nothing refers to the memory afterwards.
  if (shared && wire instanceof TLSSocket && wire.writableLength === 0) return wire.write(bytes.subarray(from, to));
  if (to - from <= small) return wire.write(bytes.toString('latin1', from, to), 'latin1');
  return wire.write(shared ? Buffer.from(bytes.subarray(from, to)) : bytes.subarray(from, to));
}

/** Bytes that arrived too early, in one growing block: a head in pieces, a pipelined request. */
export class Held {
  #block: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The held bytes; valid until the next call of any method. */
  get bytes(): Buffer {
    return this.#block ?? empty;
  }

  append(bytes: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (this.#block === undefined || this.#block.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(512, 2 ** Math.ceil(Math.log2(needed))));
      this.#block?.copy(grown, 0, 0, this.#length);
      this.#block = grown;
    }
    bytes.copy(this.#block, this.#length, from, to);
    this.#length = needed;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    if (count >= this.#length) {
      this.clear();
      return;
    }
    this.#block?.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  clear(): void {
    this.#block = undefined;
    this.#length = 0;
  }
}

const empty = Buffer.alloc(0);
