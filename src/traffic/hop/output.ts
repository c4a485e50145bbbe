/** Frames of all streams of one connection, gathered during a turn of the event loop and written as one. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { frameTypes, headerLength, longestData } from './frames.js';

const usual = 32 * 1024;
/** Beyond this the streams are asked to wait. */
const highWater = 256 * 1024;

export class HopOutput {
  readonly #socket: Socket;
  readonly #drained: () => void;
  /** TLS has encrypted what it was given when `write` returns, so the same memory serves again. */
  readonly #reuses: boolean;
  #block = Buffer.allocUnsafeSlow(usual);
  #length = 0;
  #scheduled = false;
  #writing = false;
  #congested = false;
  #closed = false;

  /** @param drained called when there is room again after `congested` was seen */
  constructor(socket: Socket, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
    this.#reuses = socket instanceof TLSSocket;
  }

  /** No room for more bytes of streams now; frames of control always find room. */
  get congested(): boolean {
    if (this.#length >= highWater) this.#congested = true;
    return this.#congested;
  }

  /** Bytes that the socket was not given yet. */
  get length(): number {
    return this.#length;
  }

  frame(type: number, value: number, stream: number): void {
    if (this.#closed) return;
    const at = this.#room(headerLength);
    this.#header(at, type, value, stream);
  }

  bytes(stream: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#closed) return;
    for (let at = from; at < to; at += longestData) {
      const stop = Math.min(to, at + longestData);
      const start = this.#room(headerLength + stop - at);
      this.#header(start, frameTypes.data, stop - at, stream);
      this.#block.set(at === 0 && stop === bytes.length ? bytes : bytes.subarray(at, stop), start + headerLength);
    }
  }

  /** At most `longestData` characters. */
  text(stream: number, text: string): void {
    if (this.#closed) return;
    const start = this.#room(headerLength + text.length);
    this.#header(start, frameTypes.data, text.length, stream);
    this.#block.write(text, start + headerLength, text.length, 'latin1');
  }

  /** Writes what there is, then ends our side of the connection. */
  end(): void {
    if (this.#closed) return;
    this.#flush(true);
    this.#closed = true;
    this.#socket.end();
  }

  close(): void {
    this.#closed = true;
    this.#length = 0;
    this.#block = nothing;
  }

  #header(at: number, type: number, value: number, stream: number): void {
    this.#block.writeUInt32BE(((type << 24) | value) >>> 0, at);
    this.#block.writeUInt32BE(stream, at + 4);
  }

  #room(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#block.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(usual, 2 ** Math.ceil(Math.log2(needed))));
      this.#block.copy(grown, 0, 0, at);
      this.#block = grown;
    }
    this.#length = needed;
    if (!this.#scheduled && !this.#writing) {
      this.#scheduled = true;
      // After all sockets that are readable now had their turn: one record, one system call for all of them.
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush(false);
      });
    }
    return at;
  }

  #flush(last: boolean): void {
    if (this.#closed || this.#length === 0 || (this.#writing && !last)) return;
    const bytes = this.#block.subarray(0, this.#length);
    const reuse = this.#reuses && !this.#writing && this.#block.length <= highWater;
    if (!reuse) this.#block = nothing;
    this.#length = 0;
    this.#writing = true;
    this.#socket.write(bytes, () => this.#written());
  }

  #written(): void {
    this.#writing = false;
    if (this.#closed) return;
    if (this.#length > 0) this.#flush(false);
    if (!this.#congested || this.#length >= highWater) return;
    this.#congested = false;
    this.#drained();
  }
}

const nothing = Buffer.alloc(0);
