/** One caller's connection inside a hop: bytes both ways, each end closed on its own, as over a socket. */
import { EventEmitter } from 'node:events';
import type { Wire } from '../wire.js';
import { frameTypes, type HopViolation, longestData, windowBytes } from './frames.js';
import type { HopOutput } from './output.js';

/** Credit is given back when so much was read; above `leastCredit`, which the peer insists on. */
const creditStep = windowBytes / 2;

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly output: HopOutput;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** The connection has room again: `pump` is wanted. */
  wait(stream: HopStream): void;
  /** Over in both directions. */
  forget(stream: HopStream): void;
}

export class HopStream extends EventEmitter implements Wire {
  readonly id: number;
  readableEnded = false;
  writableFinished = false;
  destroyed = false;
  readonly #host: StreamHost;
  #receiver: ((bytes: Buffer, from: number, to: number, shared: boolean) => void) | undefined;
  // Toward the peer.
  #credit = windowBytes;
  #queue: Buffer[] = [];
  #queued = 0;
  #needsDrain = false;
  #ending = false;
  #endSent = false;
  // From the peer.
  #allowance = windowBytes;
  #consumed = 0;
  #held: Buffer[] = [];
  #paused = false;
  #resuming = false;
  #endReceived = false;
  /** The peer took no more after its end: what it sent is still to be read. */
  #cutOff = false;

  constructor(host: StreamHost, id: number) {
    super();
    this.#host = host;
    this.id = id;
  }

  get localAddress(): string | undefined {
    return this.#host.localAddress;
  }

  get localPort(): number | undefined {
    return this.#host.localPort;
  }

  get writable(): boolean {
    return !this.destroyed && !this.#ending;
  }

  /** Bytes held because the peer or the connection is slower than the writer. */
  get writableLength(): number {
    return this.#queued;
  }

  /** Who reads. `shared`: the memory is valid during the call only. Until it is set bytes are held. */
  receive(take: (bytes: Buffer, from: number, to: number, shared: boolean) => void): void {
    this.#receiver = take;
    if (this.#held.length > 0 || this.#endReceived) this.#resumeSoon();
  }

  write(data: string | Uint8Array): boolean {
    if (!this.writable) return this.#cutOff;
    if (typeof data === 'string' && this.#fits(data.length) && data.length <= longestData) {
      this.#credit -= data.length;
      this.#host.output.text(this.id, data);
      return this.#flowing();
    }
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    return this.writeRange(bytes, 0, bytes.length);
  }

  /** Copies `bytes[from..to)`. */
  writeRange(bytes: Uint8Array, from: number, to: number): boolean {
    // Nobody reads it any more: nothing to wait for.
    if (!this.writable) return this.#cutOff;
    let at = from;
    if (this.#queued === 0 && !this.#host.output.congested) {
      at = from + Math.min(this.#credit, to - from);
      this.#credit -= at - from;
      if (at > from) this.#host.output.bytes(this.id, bytes, from, at);
    }
    if (at < to) {
      this.#queue.push(Buffer.from(bytes.subarray(at, to)));
      this.#queued += to - at;
    }
    return this.#flowing();
  }

  end(): void {
    if (this.#ending || this.destroyed) return;
    this.#ending = true;
    if (this.#queued === 0) this.#sendEnd();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#held.length > 0 || this.#endReceived) this.#resumeSoon();
  }

  isPaused(): boolean {
    return this.#paused;
  }

  /** Ends both directions now; what the peer has must not be taken for complete unless both had ended. */
  destroy(): void {
    if (this.destroyed) return;
    if (!this.#cutOff) this.#host.output.frame(frameTypes.reset, 0, this.id);
    this.#close();
  }

  /** The connection is gone. */
  lost(): void {
    if (!this.destroyed) this.#close();
  }

  /** The peer sends `length` more bytes. */
  expect(length: number): HopViolation | undefined {
    if (this.#endReceived) return 'data-after-end';
    if (length > this.#allowance) return 'credit-exceeded';
    this.#allowance -= length;
    return undefined;
  }

  take(bytes: Buffer, from: number, to: number): void {
    if (this.#paused || this.#receiver === undefined || this.#held.length > 0) {
      this.#held.push(Buffer.from(bytes.subarray(from, to)));
      return;
    }
    this.#receiver(bytes, from, to, true);
    this.#credited(to - from);
  }

  peerEnded(): HopViolation | undefined {
    if (this.#endReceived) return 'data-after-end';
    this.#endReceived = true;
    if (this.#held.length === 0 && !this.#paused && this.#receiver !== undefined) this.#endRead();
    return undefined;
  }

  peerReset(): void {
    this.#cutOff = true;
    // After its end the peer only says that it will read no more: what it sent before is whole.
    if (this.#endReceived && !this.readableEnded) {
      this.#stopWriting();
      return;
    }
    this.#close();
  }

  peerCredited(amount: number): HopViolation | undefined {
    if (this.#credit + amount > windowBytes) return 'credit-overflow';
    this.#credit += amount;
    this.pump();
    return undefined;
  }

  /** Sends of what is queued as much as credit and connection allow. */
  pump(): void {
    const { output } = this.#host;
    while (this.#queued > 0 && this.#credit > 0 && !output.congested) {
      const [first] = this.#queue;
      if (first === undefined) break;
      const count = Math.min(this.#credit, first.length);
      output.bytes(this.id, first, 0, count);
      this.#credit -= count;
      this.#queued -= count;
      if (count === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(count);
    }
    if (this.#queued > 0) {
      if (this.#credit > 0) this.#host.wait(this);
      return;
    }
    if (this.#ending) this.#sendEnd();
    if (!this.#needsDrain) return;
    if (output.congested) {
      this.#host.wait(this);
      return;
    }
    this.#needsDrain = false;
    this.emit('drain');
  }

  #fits(count: number): boolean {
    return this.#queued === 0 && count <= this.#credit && !this.#host.output.congested;
  }

  #flowing(): boolean {
    if (this.#queued === 0 && !this.#host.output.congested) return true;
    this.#needsDrain = true;
    if (this.#queued === 0 || this.#credit > 0) this.#host.wait(this);
    return false;
  }

  #sendEnd(): void {
    if (this.#endSent || this.destroyed) return;
    this.#endSent = true;
    if (!this.#cutOff) this.#host.output.frame(frameTypes.end, 0, this.id);
    this.writableFinished = true;
    process.nextTick(() => this.emit('finish'));
    this.#closeIfOver();
  }

  #stopWriting(): void {
    this.#queue = [];
    this.#queued = 0;
    this.#ending = true;
    this.#sendEnd();
  }

  #credited(count: number): void {
    this.#consumed += count;
    if (this.#consumed < creditStep || this.#endReceived || this.destroyed) return;
    this.#allowance += this.#consumed;
    this.#host.output.frame(frameTypes.credit, this.#consumed, this.id);
    this.#consumed = 0;
  }

  #resumeSoon(): void {
    if (this.#resuming) return;
    this.#resuming = true;
    process.nextTick(() => {
      this.#resuming = false;
      this.#readHeld();
    });
  }

  #readHeld(): void {
    while (!this.#paused && !this.destroyed && this.#receiver !== undefined) {
      const chunk = this.#held.shift();
      if (chunk === undefined) {
        if (this.#endReceived) this.#endRead();
        return;
      }
      this.#receiver(chunk, 0, chunk.length, false);
      this.#credited(chunk.length);
    }
  }

  #endRead(): void {
    if (this.readableEnded || this.destroyed) return;
    this.readableEnded = true;
    this.emit('end');
    this.#closeIfOver();
  }

  #closeIfOver(): void {
    if (!this.destroyed && this.#endSent && this.readableEnded) this.#close();
  }

  #close(): void {
    this.destroyed = true;
    this.#queue = [];
    this.#queued = 0;
    this.#held = [];
    this.#host.forget(this);
    process.nextTick(() => this.emit('close'));
  }
}
