/** One opaque TCP connection, spliced to its next hop after the decision; counts bytes, keeps half-closes. */
import type { Socket } from 'node:net';
import { Held, writeBytes } from './bytes.js';
import { cut } from './sockets.js';
import { type Connector, Upstream, type UpstreamOwner } from './upstream.js';

const heldLimit = 64 * 1024;

export interface FlowEnd {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export class TcpFlow implements UpstreamOwner {
  /** From the side that opened the connection. */
  bytesIn = 0;
  bytesOut = 0;
  readonly upstream: Upstream;
  readonly #socket: Socket;
  readonly #done: (end: FlowEnd) => void;
  readonly #ready: () => void;
  readonly #held = new Held();
  #connected = false;
  #closed = false;
  #ended = false;

  /**
   * @param first bytes that were read already
   * @param ready the next hop is reached
   * @param done called once, when both sides are over
   */
  constructor(
    socket: Socket,
    connector: Connector,
    first: Buffer | undefined,
    ready: () => void,
    done: (end: FlowEnd) => void,
  ) {
    this.#socket = socket;
    this.#ready = ready;
    this.#done = done;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    this.#ended = socket.readableEnded;
    if (first !== undefined) this.#held.append(first, 0, first.length);
    socket.on('data', (chunk: Buffer) => this.#forward(chunk));
    socket.on('drain', () => this.upstream.socket?.resume());
    socket.on('end', () => {
      this.#ended = true;
      if (this.#connected) this.upstream.socket?.end();
    });
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
    this.upstream = new Upstream(undefined, true);
    this.upstream.owner = this;
    connector.open(this.upstream);
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held.clear();
    const upstream = this.upstream.socket;
    if (upstream !== undefined && !(upstream.readableEnded && upstream.writableFinished)) cut(upstream);
    this.upstream.destroy();
    if (this.#socket.readableEnded && this.#socket.writableFinished) this.#socket.destroy();
    else cut(this.#socket);
    this.#done({ bytesIn: this.bytesIn, bytesOut: this.bytesOut });
  }

  #forward(chunk: Buffer): void {
    this.bytesIn += chunk.length;
    const to = this.upstream.socket;
    if (!this.#connected || to === undefined) {
      this.#held.append(chunk, 0, chunk.length);
      if (this.#held.length > heldLimit) this.#socket.pause();
    } else if (!writeBytes(to, chunk, 0, chunk.length, false)) {
      this.#socket.pause();
    }
  }

  onUpstreamReady(upstream: Upstream): void {
    const to = upstream.socket;
    if (to === undefined || this.#closed) {
      upstream.destroy();
      return;
    }
    this.#connected = true;
    // After an orderly end of its side the upstream object says nothing more.
    to.on('close', () => this.destroy());
    this.#ready();
    if (this.#held.length > 0) writeBytes(to, this.#held.bytes, 0, this.#held.length, false);
    this.#held.clear();
    if (this.#ended) to.end();
    this.#socket.resume();
  }

  onUpstreamFailed(): void {
    this.destroy();
  }

  onUpstreamBytes(upstream: Upstream, bytes: Buffer, from: number, to: number, shared: boolean): void {
    this.bytesOut += to - from;
    if (!writeBytes(this.#socket, bytes, from, to, shared)) upstream.socket?.pause();
  }

  onUpstreamDrain(): void {
    this.#socket.resume();
  }

  onUpstreamEnd(_upstream: Upstream, clean: boolean): void {
    if (clean) this.#socket.end();
    else this.destroy();
  }
}
