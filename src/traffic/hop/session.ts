/**
 * One mutual-TLS connection between two of our own planes, shared by the streams of one caller identity toward one callee.
 * INVARIANT: both identities were verified before a session is made. What a peer does wrong ends this connection and its
 * streams; a stream that is not read holds up no other, since each may have `windowBytes` on its way and no more.
 */
import type { Socket } from 'node:net';
import { readDirectly } from '../sockets.js';
import type { Sweepable, Sweeper } from '../sweeper.js';
import { FrameReader, type FrameSink, frameTypes, type HopViolation, lastStream, mostStreams } from './frames.js';
import { HopOutput } from './output.js';
import { HopStream, type StreamHost } from './stream.js';

/** Quiet for so long while streams are open: the peer is asked; for so long again and more: it is gone. Milliseconds. */
const askAfter = 5_000;
const goneAfter = 20_000;
/** Frames that move nothing (resets, pings, frames of streams that are over) within one interval of the sweeper. */
const mostIdleFrames = 16_384;
/** What a peer that does not read can make us hold; streams stop at far less. */
const mostOutput = 1024 * 1024;

export interface HopSessionOptions {
  readonly socket: Socket;
  readonly sweeper: Sweeper;
  /** Milliseconds without a stream after which it ends. */
  readonly idleMs: number;
  /** The peer opened a stream: callee only; a caller's peer may open none. Whoever takes it calls `receive`. */
  readonly onStream?: (stream: HopStream) => void;
  /** Called once. */
  readonly onOver: (violation: HopViolation | undefined) => void;
}

export class HopSession implements FrameSink, StreamHost, Sweepable {
  readonly output: HopOutput;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly #options: HopSessionOptions;
  readonly #streams = new Map<number, HopStream>();
  readonly #reader: FrameReader;
  #waiting = new Set<HopStream>();
  #last = 0;
  #retired = false;
  #over = false;
  #ending = false;
  #heardAt: number;
  #busyAt: number;
  #sweptAt: number;
  #idleFrames = 0;
  #violation: HopViolation | undefined;
  /** Of the DATA frame in progress; undefined: its payload is dropped. */
  #target: HopStream | undefined;

  constructor(options: HopSessionOptions) {
    const { socket, sweeper } = options;
    this.#options = options;
    this.localAddress = socket.localAddress;
    this.localPort = socket.localPort;
    this.#heardAt = sweeper.now;
    this.#busyAt = sweeper.now;
    this.#sweptAt = sweeper.now;
    this.output = new HopOutput(socket, () => this.#drained());
    this.#reader = new FrameReader(this);
    sweeper.add(this);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('end', () => this.#ended());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  /** Reads an accepted socket. The bytes of one that we opened are given to `read`. */
  start(): void {
    const { socket } = this.#options;
    if (readDirectly(socket, (bytes, count) => this.read(bytes, count))) return;
    socket.on('data', (chunk: Buffer) => this.read(chunk, chunk.length));
  }

  /** The first `count` bytes are new; valid during the call only. */
  read(bytes: Buffer, count: number): void {
    if (this.#over) return;
    this.#heardAt = this.#options.sweeper.now;
    let violation = this.#reader.read(bytes, 0, count);
    if (this.output.length > mostOutput) violation ??= 'flood';
    if (violation !== undefined) this.#broken(violation);
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Another stream may be opened. */
  get open(): boolean {
    return !this.#over && !this.#retired && this.#last < lastStream && this.#streams.size < mostStreams;
  }

  /** No stream will be opened on it any more. */
  get retired(): boolean {
    return this.#retired || this.#over;
  }

  /** Caller: a new stream. Only while `open`. */
  openStream(): HopStream {
    this.#last += 1;
    const stream = new HopStream(this, this.#last);
    this.#streams.set(stream.id, stream);
    this.output.frame(frameTypes.open, 0, stream.id);
    return stream;
  }

  /** No new streams; ends when the open ones are over. */
  retire(): void {
    if (this.retired) return;
    this.#retired = true;
    this.output.frame(frameTypes.retire, 0, 0);
    this.#endIfDone();
  }

  /** Ends it and all its streams now. */
  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    const { sweeper, socket, onOver } = this.#options;
    sweeper.remove(this);
    this.output.close();
    socket.destroy();
    for (const stream of [...this.#streams.values()]) stream.lost();
    this.#streams.clear();
    this.#waiting.clear();
    this.#target = undefined;
    onOver(this.#violation);
  }

  sweep(now: number): void {
    this.#idleFrames = 0;
    // This process itself stood still: what was sent meanwhile is not read yet.
    if (now - this.#sweptAt > askAfter) this.#heardAt = now;
    this.#sweptAt = now;
    if (this.#streams.size > 0) {
      this.#busyAt = now;
      if (now - this.#heardAt > goneAfter) this.#broken('silent');
      else if (now - this.#heardAt > askAfter) this.output.frame(frameTypes.ping, 0, 0);
      return;
    }
    // Nobody waits for an answer here, so nothing needs to be heard.
    this.#heardAt = now;
    if (now - this.#busyAt <= this.#options.idleMs) return;
    if (this.retired) this.destroy();
    else this.retire();
  }

  wait(stream: HopStream): void {
    this.#waiting.add(stream);
  }

  forget(stream: HopStream): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (this.#target === stream) this.#target = undefined;
    if (this.#streams.size === 0) {
      this.#busyAt = this.#options.sweeper.now;
      this.#endIfDone();
    }
  }

  onFrame(type: number, value: number, id: number): HopViolation | undefined {
    if (this.#over) return undefined;
    if (type === frameTypes.open) return this.#opened(id);
    if (type === frameTypes.retire) {
      this.#retired = true;
      this.#endIfDone();
      return this.#moved();
    }
    if (type === frameTypes.ping) {
      this.output.frame(frameTypes.pong, 0, 0);
      return this.#moved();
    }
    if (type === frameTypes.pong) return this.#moved();
    if (id > this.#last) return 'stream-unknown';
    const stream = this.#streams.get(id);
    if (type === frameTypes.reset) {
      stream?.peerReset();
      return this.#moved();
    }
    if (stream === undefined) return this.#moved();
    return type === frameTypes.end ? stream.peerEnded() : stream.peerCredited(value);
  }

  onData(id: number, length: number): HopViolation | undefined {
    this.#target = undefined;
    if (this.#over) return undefined;
    if (id > this.#last) return 'stream-unknown';
    const stream = this.#streams.get(id);
    // It was reset here while these bytes were on their way.
    if (stream === undefined) return this.#moved();
    this.#target = stream;
    return stream.expect(length);
  }

  onPayload(bytes: Buffer, from: number, to: number): void {
    this.#target?.take(bytes, from, to);
  }

  #opened(id: number): HopViolation | undefined {
    const { onStream } = this.#options;
    if (onStream === undefined || id !== this.#last + 1) return 'stream-order';
    this.#last = id;
    if (this.#streams.size >= mostStreams) {
      this.output.frame(frameTypes.reset, 0, id);
      return this.#moved();
    }
    const stream = new HopStream(this, id);
    this.#streams.set(id, stream);
    onStream(stream);
    return undefined;
  }

  #moved(): HopViolation | undefined {
    this.#idleFrames += 1;
    return this.#idleFrames > mostIdleFrames ? 'flood' : undefined;
  }

  #drained(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const stream of waiting) stream.pump();
  }

  #endIfDone(): void {
    // The caller ends it: the callee cannot know whether one more stream is on its way.
    if (!this.#retired || this.#streams.size > 0 || this.#options.onStream !== undefined || this.#ending) return;
    this.#ending = true;
    this.output.end();
  }

  #ended(): void {
    if (!this.#reader.between) this.#violation ??= 'half-frame';
    this.destroy();
  }

  #broken(violation: HopViolation): void {
    this.#violation = violation;
    this.destroy();
  }
}
