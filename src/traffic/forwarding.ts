/** The request on its way to the next hop: the connection it takes, what of it was sent, whether it may be sent again. */
import { writeBytes } from './bytes.js';
import { ChunkedReader } from './http1/chunked.js';
import type { RefusalCode } from './http1/refusal.js';
import type { RequestHead } from './http1/request-head.js';
import type { Upstream, UpstreamOwner, UpstreamPool } from './upstream.js';

/** RFC 9110 section 9.2.2; without a body such a request may be sent again if its reused connection turns out closed. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export class Forwarding {
  upstream: Upstream | undefined;
  /** The head is sent: a body may follow. */
  connected = false;
  /** The whole request is sent. */
  complete = false;
  readonly #owner: UpstreamOwner;
  #pool: UpstreamPool | undefined;
  #outgoing = '';
  #oneShot = false;
  #retryable = false;
  #left = 0;
  #reader: ChunkedReader | undefined;

  constructor(owner: UpstreamOwner) {
    this.#owner = owner;
  }

  /** @returns false when the next hop is slower than the caller */
  start(pool: UpstreamPool, head: RequestHead, outgoing: string, now: number): boolean {
    this.#pool = pool;
    this.#outgoing = outgoing;
    this.#left = head.length;
    this.#reader = head.length < 0 ? new ChunkedReader() : undefined;
    this.#oneShot = head.minor === 0 || head.upgrade;
    this.#retryable = head.length === 0 && !head.upgrade && idempotent.has(head.method);
    this.connected = false;
    this.complete = head.length === 0;
    const idle = this.#oneShot ? undefined : pool.take(now);
    if (idle === undefined) {
      this.upstream = pool.open(this.#owner);
      return true;
    }
    idle.owner = this.#owner;
    this.upstream = idle;
    return this.send(idle);
  }

  /** Sends the head. @returns false when the next hop is slower than the caller */
  send(upstream: Upstream): boolean {
    this.connected = true;
    const flowing = upstream.socket?.write(this.#outgoing, 'latin1') ?? true;
    if (!this.#retryable) this.#outgoing = '';
    return flowing;
  }

  /** Sends the body's part of `bytes[from..to)`. */
  body(
    bytes: Buffer,
    from: number,
    to: number,
    shared: boolean,
  ): { readonly stop: number; readonly flowing: boolean; readonly refusal: RefusalCode | undefined } {
    let stop: number;
    if (this.#reader === undefined) {
      const taken = Math.min(this.#left, to - from);
      this.#left -= taken;
      stop = from + taken;
      this.complete = this.#left === 0;
    } else {
      stop = this.#reader.read(bytes, from, to);
      const { refusal } = this.#reader;
      if (refusal !== undefined) return { stop, flowing: true, refusal };
      this.complete = this.#reader.done;
    }
    return { stop, flowing: this.pass(bytes, from, stop, shared), refusal: undefined };
  }

  /** Passes bytes on as they are. @returns false when the next hop is slower than the caller */
  pass(bytes: Buffer, from: number, to: number, shared: boolean): boolean {
    const wire = this.upstream?.socket;
    return wire === undefined || writeBytes(wire, bytes, from, to, shared);
  }

  /** The connection ended before any answer: takes a new one if the request may be sent again. */
  again(upstream: Upstream): boolean {
    if (!this.#retryable || !upstream.reused || this.#pool === undefined) return false;
    this.#retryable = false;
    this.connected = false;
    upstream.destroy();
    this.upstream = this.#pool.open(this.#owner);
    return true;
  }

  /** The answer is complete. `reusable`: its framing leaves the connection clean. */
  release(upstream: Upstream, reusable: boolean, now: number): void {
    this.upstream = undefined;
    if (this.complete && reusable && !this.#oneShot) upstream.pool?.release(upstream, now);
    else upstream.destroy();
  }

  /** Has nothing to do with the connection any more; whoever asked ends it. */
  drop(): Upstream | undefined {
    const { upstream } = this;
    this.upstream = undefined;
    return upstream;
  }
}
