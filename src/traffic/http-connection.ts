/**
 * One caller's HTTP/1.1 connection: requests are read, decided and passed on one after the other. INVARIANT: a request
 * reaches an upstream only after `hop.decide` said `allow` or `would-deny` for the very path and method that are sent.
 */
import { writeBytes } from './bytes.js';
import { malformedBecause } from './decisions.js';
import { Exchange } from './exchange.js';
import { Forwarding } from './forwarding.js';
import { problemResponse } from './http1/problem.js';
import { type RefusalCode, refusals } from './http1/refusal.js';
import type { RequestHead } from './http1/request-head.js';
import type { HttpHop, PlaneContext } from './http-hop.js';
import { overdue, type Phase } from './overdue.js';
import { type InputOwner, RequestInput } from './request-input.js';
import { ResponseRelay } from './response-relay.js';
import { cut, read } from './sockets.js';
import type { Sweepable } from './sweeper.js';
import { randomHex } from './trace-context.js';
import type { Upstream, UpstreamOwner } from './upstream.js';
import type { Wire } from './wire.js';

export class HttpConnection implements UpstreamOwner, InputOwner, Sweepable {
  readonly #context: PlaneContext;
  readonly #hop: HttpHop;
  readonly #socket: Wire;
  readonly #input: RequestInput;
  readonly #relay: ResponseRelay;
  readonly #exchange: Exchange;
  readonly #forwarding = new Forwarding(this);
  #phase: Phase = 'head';
  #since: number;
  #inputEnded = false;

  /** @param first bytes that were read already */
  constructor(context: PlaneContext, hop: HttpHop, socket: Wire, first?: Buffer) {
    this.#context = context;
    this.#hop = hop;
    this.#socket = socket;
    this.#input = new RequestInput(this, socket);
    this.#relay = new ResponseRelay(socket);
    this.#exchange = new Exchange(context, hop);
    this.#since = context.sweeper.now;
    context.sweeper.add(this);
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
    if (first !== undefined && first.length > 0) this.#bytes(first, 0, first.length, false);
    read(socket, (bytes, from, to, shared) => this.#bytes(bytes, from, to, shared));
    if (socket.readableEnded) this.#ended();
  }

  /** Ends everything now; whatever was under way is recorded without a status. */
  destroy(): void {
    if (this.#phase === 'closed') return;
    const spliced = this.#phase === 'spliced';
    this.#phase = 'closed';
    this.#context.sweeper.remove(this);
    const upstream = this.#forwarding.drop();
    if (!this.#exchange.recorded && !spliced) this.#exchange.record(0, '', upstream);
    upstream?.destroy();
    this.#socket.destroy();
    this.#input.clear();
    this.#hop.closed();
  }

  /** Ends after the exchange in progress, at once if there is none. */
  drain(): void {
    if (this.#phase === 'head' && this.#input.held === 0) this.#close();
    else this.#relay.closes = true;
  }

  get expects(): InputOwner['expects'] {
    if (this.#phase === 'head') return 'head';
    if (this.#phase === 'body') return this.#forwarding.connected ? 'body' : 'later';
    return this.#phase === 'wait' ? 'later' : 'nothing';
  }

  onHead(head: RequestHead): void {
    const decision = this.#exchange.begin(head);
    const keepAlive = head.keepAlive && !this.#relay.closes;
    this.#relay.begin(head.method, head.minor, keepAlive, head.upgrade);
    if (decision.effect === 'deny') {
      // A body that nobody will read would be taken for the next request.
      this.#refuseWith(decision.retryAfter === undefined ? 403 : 429, keepAlive && head.length === 0 && !head.upgrade);
      return;
    }
    const pool = this.#hop.pool();
    if (pool === undefined) {
      this.#fail(503);
      return;
    }
    this.#phase = head.length === 0 ? 'wait' : 'body';
    const outgoing = this.#exchange.outgoing(head);
    if (!this.#forwarding.start(pool, head, outgoing, this.#context.sweeper.now)) this.#socket.pause();
  }

  /** Framing that is not taken; always ends the connection, since where the next request starts is not known. */
  onRefusal(code: RefusalCode, method: string, path: string): void {
    this.#exchange.beginRefused(code, method, path);
    this.#refuseWith(refusals[code], false);
  }

  onBody(bytes: Buffer, from: number, to: number, shared: boolean): number {
    const { stop, flowing, refusal } = this.#forwarding.body(bytes, from, to, shared);
    if (refusal !== undefined) {
      this.#abort(refusal);
      return to;
    }
    if (!flowing) this.#socket.pause();
    if (this.#forwarding.complete) this.#phase = 'wait';
    return stop;
  }

  onUpstreamReady(upstream: Upstream): void {
    if (this.#stray(upstream)) return;
    this.#since = this.#context.sweeper.now;
    if (!this.#forwarding.send(upstream)) this.#socket.pause();
    if (this.#phase === 'body') this.#readHeld();
    this.#input.goOn();
  }

  onUpstreamFailed(upstream: Upstream, _code: string): void {
    if (upstream !== this.#forwarding.upstream) return;
    this.#forwarding.drop();
    this.#fail(502);
  }

  onUpstreamDrain(upstream: Upstream): void {
    if (upstream !== this.#forwarding.upstream) return;
    this.#since = this.#context.sweeper.now;
    this.#input.goOn();
  }

  onUpstreamBytes(upstream: Upstream, bytes: Buffer, from: number, to: number, shared: boolean): void {
    if (this.#stray(upstream)) return;
    this.#since = this.#context.sweeper.now;
    if (this.#phase === 'spliced') {
      if (!writeBytes(this.#socket, bytes, from, to, shared)) upstream.socket?.pause();
      return;
    }
    const state = this.#relay.take(bytes, from, to, shared);
    if (!this.#exchange.recorded && this.#relay.status !== 0) this.#exchange.record(this.#relay.status, '', upstream);
    if (this.#relay.congested && state !== 'done') upstream.socket?.pause();
    if (state === 'more') return;
    if (state === 'done') this.#finish(upstream);
    else if (state === 'upgraded') this.#splice();
    else this.#broken();
  }

  onUpstreamEnd(upstream: Upstream, clean: boolean): void {
    if (upstream !== this.#forwarding.upstream) return;
    if (this.#phase === 'spliced') {
      if (clean) this.#close();
      else this.destroy();
      return;
    }
    if (!this.#relay.begun && this.#forwarding.again(upstream)) return;
    if (this.#relay.end(clean) === 'done') this.#finish(upstream);
    else this.#broken();
  }

  sweep(now: number): void {
    const due = overdue(this.#phase, now - this.#since, this.#context.timeouts, {
      inHead: this.#input.held > 0,
      answered: this.#relay.status !== 0,
    });
    if (due === 'head') this.onRefusal('head-timeout', '', '');
    else if (due === 'idle') this.#close();
    else if (due === 'body') this.#abort('body-timeout');
    else if (due === 'answer') this.#late();
    else if (due === 'linger') this.destroy();
  }

  #bytes(bytes: Buffer, from: number, to: number, shared: boolean): void {
    if (this.#phase !== 'head' || this.#input.held === 0) this.#since = this.#context.sweeper.now;
    if (this.#phase !== 'spliced') this.#input.take(bytes, from, to, shared);
    else if (!this.#forwarding.pass(bytes, from, to, shared)) this.#socket.pause();
  }

  #readHeld(): void {
    if (!this.#input.release() || !this.#inputEnded) return;
    if (this.#phase === 'head') this.#close();
    // The rest of the body will not come.
    else if (this.#phase === 'body' && this.#forwarding.connected) this.destroy();
  }

  /** The answer is complete and passed on. */
  #finish(upstream: Upstream): void {
    const { complete } = this.#forwarding;
    const { now } = this.#context.sweeper;
    this.#forwarding.release(upstream, this.#relay.reusable, now);
    if (!complete || this.#relay.closes) {
      this.#close();
      return;
    }
    this.#phase = 'head';
    this.#since = now;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#readHeld();
  }

  /** The upstream failed in the middle: an answer that was begun is cut off, never completed by us. */
  #broken(): void {
    const upstream = this.#forwarding.drop();
    if (this.#relay.status === 0) {
      this.#fail(502, upstream);
    } else {
      this.#context.counts.upstreamErrors += 1;
      cut(this.#socket);
      this.destroy();
    }
    upstream?.destroy();
  }

  #late(): void {
    const upstream = this.#forwarding.drop();
    if (this.#relay.status === 0) this.#fail(504, upstream);
    else this.destroy();
    upstream?.destroy();
  }

  /** The callee cannot be reached or does not speak HTTP; the request was not carried out as far as we know. */
  #fail(status: 502 | 503 | 504, upstream?: Upstream): void {
    this.#context.counts.upstreamErrors += 1;
    this.#problem(status, true, upstream);
    this.#close();
  }

  /** A body that breaks its framing after the request was passed on. */
  #abort(code: RefusalCode): void {
    const upstream = this.#forwarding.drop();
    if (this.#relay.status === 0) {
      this.#exchange.decision = malformedBecause(code);
      this.#refuseWith(refusals[code], false, upstream);
    } else {
      this.destroy();
    }
    upstream?.destroy();
  }

  #refuseWith(status: number, keepAlive: boolean, upstream?: Upstream): void {
    this.#context.counts.refused += 1;
    this.#problem(status, !keepAlive, upstream);
    if (!keepAlive) this.#close();
    else if (this.#phase !== 'closed') this.#phase = 'head';
  }

  /** Records the refusal and answers with its id. */
  #problem(status: number, closes: boolean, upstream: Upstream | undefined): void {
    const id = randomHex(16);
    this.#exchange.record(status, id, upstream);
    if (!this.#socket.writable) return;
    const bodiless = this.#exchange.method === 'HEAD';
    const { retryAfter } = this.#exchange.decision;
    this.#socket.write(problemResponse(status, id, { closes, bodiless, retryAfter }), 'latin1');
  }

  /** Our last byte is written: give the peer time to read it, ignore what still comes. */
  #close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#since = this.#context.sweeper.now;
    this.#input.clear();
    this.#socket.end();
    if (this.#inputEnded) this.#socket.once('finish', () => this.destroy());
    else this.#socket.resume();
  }

  #splice(): void {
    this.#phase = 'spliced';
    this.#input.rest((bytes, length) => this.#forwarding.pass(bytes, 0, length, false));
    this.#socket.resume();
  }

  #drained(): void {
    this.#since = this.#context.sweeper.now;
    this.#forwarding.upstream?.socket?.resume();
  }

  #ended(): void {
    this.#inputEnded = true;
    if (this.#phase === 'spliced') this.#forwarding.upstream?.socket?.end();
    else if (this.#phase === 'head') this.#close();
    else if (this.#phase === 'body' && (this.#forwarding.connected || this.#input.held === 0)) this.destroy();
    else if (this.#phase === 'closing') this.#socket.once('finish', () => this.destroy());
  }

  /** An upstream that is not the exchange's own any more. */
  #stray(upstream: Upstream): boolean {
    if (upstream === this.#forwarding.upstream) return false;
    upstream.destroy();
    return true;
  }
}
