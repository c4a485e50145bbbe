/**
 * One caller's HTTP/1.1 connection: requests are read, decided and passed on one after the other. INVARIANT: a request
 * reaches an upstream only after `hop.decide` said `allow` or `would-deny` for the very path and method that are sent.
 */
import { refusal } from '../contract/index.js';
import type { Decision } from '../model/index.js';
import { Held, writeBytes } from './bytes.js';
import { malformed, malformedBecause } from './decisions.js';
import { ChunkedReader } from './http1/chunked.js';
import { problemResponse } from './http1/problem.js';
import { type RefusalCode, refusals } from './http1/refusal.js';
import { parseRequestHead, type RequestHead } from './http1/request-head.js';
import { incomplete, resumeAt, scanHead } from './http1/scan.js';
import type { HttpHop, PlaneContext } from './http-hop.js';
import { ResponseRelay, scanRefusal } from './response-relay.js';
import { cut, read } from './sockets.js';
import type { Sweepable } from './sweeper.js';
import { randomHex } from './trace-context.js';
import type { Upstream, UpstreamOwner, UpstreamPool } from './upstream.js';
import type { Wire } from './wire.js';

/** Early bytes (of a pipelined request, of a body before its upstream is there) beyond which the caller must wait. */
const heldLimit = 64 * 1024;
/** RFC 9110 section 9.2.2; without a body such a request may be sent again if its reused connection turns out closed. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

type Phase = 'head' | 'body' | 'wait' | 'spliced' | 'closing' | 'closed';

export class HttpConnection implements UpstreamOwner, Sweepable {
  readonly #context: PlaneContext;
  readonly #hop: HttpHop;
  readonly #socket: Wire;
  readonly #relay: ResponseRelay;
  readonly #held = new Held();
  #phase: Phase = 'head';
  #since: number;
  #resume = 0;
  #consuming = false;
  #inputEnded = false;

  // The exchange in progress.
  #method = '';
  #path = '';
  #decision: Decision = malformed;
  #startedAt = 0;
  #trace = '';
  #span = '';
  #recorded = true;
  #outgoing = '';
  #pool: UpstreamPool | undefined;
  #upstream: Upstream | undefined;
  #connected = false;
  #oneShot = false;
  #retryable = false;
  #left = 0;
  #reader: ChunkedReader | undefined;

  /** @param first bytes that were read already */
  constructor(context: PlaneContext, hop: HttpHop, socket: Wire, first?: Buffer) {
    this.#context = context;
    this.#hop = hop;
    this.#socket = socket;
    this.#relay = new ResponseRelay(socket);
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
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (!this.#recorded && !spliced) this.#record(0, '', upstream);
    upstream?.destroy();
    this.#socket.destroy();
    this.#held.clear();
    this.#hop.closed();
  }

  /** Ends after the exchange in progress, at once if there is none. */
  drain(): void {
    if (this.#phase === 'head' && this.#held.length === 0) this.#close();
    else this.#relay.closes = true;
  }

  /** `shared`: the memory is valid during the call only. */
  #bytes(chunk: Buffer, from: number, to: number, shared: boolean): void {
    this.#since = this.#phase === 'head' && this.#held.length > 0 ? this.#since : this.#context.sweeper.now;
    if (this.#phase === 'spliced') {
      const next = this.#upstream?.socket;
      if (next !== undefined && !writeBytes(next, chunk, from, to, shared)) this.#socket.pause();
      return;
    }
    if (this.#held.length === 0) {
      this.#consume(chunk, from, to, shared);
      return;
    }
    this.#held.append(chunk, from, to);
    if (this.#phase === 'head') this.#consumeHeld();
    else if (this.#held.length > heldLimit) this.#socket.pause();
  }

  #consumeHeld(): void {
    const bytes = this.#held.bytes;
    const length = this.#held.length;
    this.#held.clear();
    this.#consume(bytes, 0, length, false);
    if (!this.#inputEnded) return;
    if (this.#phase === 'head') this.#close();
    else if (this.#phase === 'body' && this.#connected) this.destroy();
  }

  #consume(bytes: Buffer, from: number, to: number, shared: boolean): void {
    this.#consuming = true;
    let at = from;
    while (at < to) {
      if (this.#phase === 'head') {
        const end = scanHead(bytes, at, at + this.#resume, to);
        if (end === incomplete) {
          this.#resume = resumeAt(bytes, at, to) - at;
          this.#held.append(bytes, at, to);
          break;
        }
        this.#resume = 0;
        if (end < 0) {
          this.#refuse(scanRefusal(end), '', '');
          break;
        }
        const head = parseRequestHead(bytes.toString('latin1', at, end));
        at = end;
        if (head.kind === 'refused') this.#refuse(head.code, head.method, head.path);
        else this.#begin(head);
      } else if (this.#phase === 'body') {
        if (!this.#connected) {
          this.#held.append(bytes, at, to);
          if (this.#held.length > heldLimit) this.#socket.pause();
          break;
        }
        at = this.#passBody(bytes, at, to, shared);
      } else if (this.#phase === 'wait') {
        this.#held.append(bytes, at, to);
        if (this.#held.length > heldLimit) this.#socket.pause();
        break;
      } else {
        break;
      }
    }
    this.#consuming = false;
  }

  #begin(head: RequestHead): void {
    const { clock, counts } = this.#context;
    counts.requests += 1;
    this.#method = head.method;
    this.#path = head.path;
    this.#startedAt = clock.monotonic();
    this.#trace = head.trace === '' ? randomHex(32) : head.trace;
    this.#span = randomHex(16);
    this.#recorded = false;
    try {
      this.#decision = this.#hop.decide(head);
    } catch {
      this.#decision = refusal('api', 'internal-error');
    }
    const keepAlive = head.keepAlive && !this.#relay.closes;
    this.#relay.begin(head.method, head.minor, keepAlive, head.upgrade);
    if (this.#decision.effect === 'deny') {
      // A body that nobody will read would be taken for the next request.
      this.#refuseWith(403, keepAlive && head.length === 0 && !head.upgrade);
      return;
    }
    if (this.#decision.effect === 'would-deny') counts.wouldRefuse += 1;
    const pool = this.#hop.pool();
    if (pool === undefined) {
      this.#fail(503);
      return;
    }
    this.#pool = pool;
    this.#outgoing = this.#headFor(head);
    this.#left = head.length;
    this.#reader = head.length < 0 ? new ChunkedReader() : undefined;
    this.#oneShot = head.minor === 0 || head.upgrade;
    this.#retryable = head.length === 0 && !head.upgrade && idempotent.has(head.method);
    this.#phase = head.length === 0 ? 'wait' : 'body';
    this.#connected = false;
    const idle = this.#oneShot ? undefined : pool.take(this.#context.sweeper.now);
    if (idle === undefined) {
      this.#upstream = pool.open(this);
    } else {
      idle.owner = this;
      this.#upstream = idle;
      this.#send(idle);
    }
  }

  /** The head as it goes on: canonical path, our framing fields, the trace; nothing that is meant for this hop only. */
  #headFor(head: RequestHead): string {
    const target = head.query === '' ? head.path : `${head.path}?${head.query}`;
    let text = `${head.method} ${target} HTTP/1.${head.minor}\r\n${head.fields}`;
    if (head.host === '') text += `Host: ${this.#hop.service}\r\n`;
    if (head.length < 0) text += 'Transfer-Encoding: chunked\r\n';
    else if (head.length > 0 || head.hasLength) text += `Content-Length: ${head.length}\r\n`;
    if (head.expectsContinue) text += 'Expect: 100-continue\r\n';
    if (head.upgrade) text += 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    else if (head.minor === 0) text += 'Connection: close\r\n';
    const flags = head.trace === '' ? '01' : head.traceFlags;
    text += `traceparent: 00-${this.#trace}-${this.#span}-${flags}\r\n`;
    if (head.tracestate !== '') text += `tracestate: ${head.tracestate}\r\n`;
    return `${text}x-request-id: ${head.requestId === '' ? this.#trace : head.requestId}\r\n\r\n`;
  }

  #send(upstream: Upstream): void {
    const socket = upstream.socket;
    if (socket === undefined) return;
    this.#connected = true;
    if (!socket.write(this.#outgoing, 'latin1')) this.#socket.pause();
    if (!this.#retryable) this.#outgoing = '';
  }

  #passBody(bytes: Buffer, from: number, to: number, shared: boolean): number {
    const socket = this.#upstream?.socket;
    let stop: number;
    let done: boolean;
    if (this.#reader === undefined) {
      const taken = Math.min(this.#left, to - from);
      this.#left -= taken;
      stop = from + taken;
      done = this.#left === 0;
    } else {
      stop = this.#reader.read(bytes, from, to);
      if (this.#reader.refusal !== undefined) {
        this.#abort(this.#reader.refusal);
        return to;
      }
      done = this.#reader.done;
    }
    if (socket !== undefined && !writeBytes(socket, bytes, from, stop, shared)) this.#socket.pause();
    if (done) this.#phase = 'wait';
    return stop;
  }

  onUpstreamReady(upstream: Upstream): void {
    if (upstream !== this.#upstream) {
      upstream.destroy();
      return;
    }
    this.#since = this.#context.sweeper.now;
    this.#send(upstream);
    if (this.#phase === 'body' && this.#held.length > 0) this.#consumeHeld();
    if (this.#socket.isPaused() && this.#held.length <= heldLimit) this.#socket.resume();
  }

  onUpstreamFailed(upstream: Upstream, _code: string): void {
    if (upstream !== this.#upstream) return;
    this.#upstream = undefined;
    this.#fail(502);
  }

  onUpstreamDrain(upstream: Upstream): void {
    if (upstream !== this.#upstream) return;
    this.#since = this.#context.sweeper.now;
    if (this.#held.length <= heldLimit) this.#socket.resume();
  }

  onUpstreamBytes(upstream: Upstream, bytes: Buffer, from: number, to: number, shared: boolean): void {
    if (upstream !== this.#upstream) {
      upstream.destroy();
      return;
    }
    this.#since = this.#context.sweeper.now;
    if (this.#phase === 'spliced') {
      if (!writeBytes(this.#socket, bytes, from, to, shared)) upstream.socket?.pause();
      return;
    }
    const state = this.#relay.take(bytes, from, to, shared);
    if (!this.#recorded && this.#relay.status !== 0) this.#record(this.#relay.status, '', upstream);
    if (this.#relay.congested && state !== 'done') upstream.socket?.pause();
    if (state === 'more') return;
    if (state === 'done') this.#finish(upstream);
    else if (state === 'upgraded') this.#splice();
    else this.#broken();
  }

  onUpstreamEnd(upstream: Upstream, clean: boolean): void {
    if (upstream !== this.#upstream) return;
    if (this.#phase === 'spliced') {
      if (clean) this.#close();
      else this.destroy();
      return;
    }
    if (!this.#relay.begun && this.#retryable && upstream.reused && this.#pool !== undefined) {
      this.#retryable = false;
      this.#connected = false;
      upstream.destroy();
      this.#upstream = this.#pool.open(this);
      return;
    }
    if (this.#relay.end(clean) === 'done') this.#finish(upstream);
    else this.#broken();
  }

  /** The answer is complete and passed on. */
  #finish(upstream: Upstream): void {
    const complete = this.#phase === 'wait';
    this.#upstream = undefined;
    if (complete && this.#relay.reusable && !this.#oneShot) upstream.pool?.release(upstream, this.#context.sweeper.now);
    else upstream.destroy();
    if (!complete || this.#relay.closes) {
      this.#close();
      return;
    }
    this.#phase = 'head';
    this.#since = this.#context.sweeper.now;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#consuming) return;
    if (this.#held.length > 0) this.#consumeHeld();
    else if (this.#inputEnded) this.#close();
  }

  /** The upstream failed in the middle: an answer that was begun is cut off, never completed by us. */
  #broken(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (this.#relay.status === 0) {
      this.#fail(502, upstream);
    } else {
      this.#context.counts.upstreamErrors += 1;
      cut(this.#socket);
      this.destroy();
    }
    upstream?.destroy();
  }

  /** The callee cannot be reached or does not speak HTTP; the request was not carried out as far as we know. */
  #fail(status: 502 | 503 | 504 | 408, upstream?: Upstream): void {
    this.#context.counts.upstreamErrors += 1;
    const id = randomHex(16);
    this.#record(status, id, upstream);
    this.#answer(problemResponse(status, id, true, this.#method === 'HEAD'));
    this.#close();
  }

  /** Framing that is not taken; always ends the connection, since where the next request starts is not known. */
  #refuse(code: RefusalCode, method: string, path: string): void {
    this.#context.counts.requests += 1;
    this.#method = method;
    this.#path = path;
    this.#decision = malformedBecause(code);
    this.#startedAt = this.#context.clock.monotonic();
    this.#trace = '';
    this.#span = '';
    this.#recorded = false;
    this.#refuseWith(refusals[code], false);
  }

  /** A body that breaks its framing after the request was passed on. */
  #abort(code: RefusalCode): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (this.#relay.status === 0) {
      this.#decision = malformedBecause(code);
      this.#refuseWith(refusals[code], false, upstream);
    } else {
      this.destroy();
    }
    upstream?.destroy();
  }

  #refuseWith(status: number, keepAlive: boolean, upstream?: Upstream): void {
    this.#context.counts.refused += 1;
    const id = randomHex(16);
    this.#record(status, id, upstream);
    this.#answer(problemResponse(status, id, !keepAlive, this.#method === 'HEAD'));
    if (!keepAlive) this.#close();
    else if (this.#phase !== 'closed') this.#phase = 'head';
  }

  #answer(text: string): void {
    if (this.#socket.writable) this.#socket.write(text, 'latin1');
  }

  /** Our last byte is written: give the peer time to read it, ignore what still comes. */
  #close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#since = this.#context.sweeper.now;
    this.#held.clear();
    this.#socket.end();
    if (this.#inputEnded) this.#socket.once('finish', () => this.destroy());
    else this.#socket.resume();
  }

  #splice(): void {
    this.#phase = 'spliced';
    const upstream = this.#upstream;
    if (this.#held.length > 0 && upstream?.socket !== undefined) {
      writeBytes(upstream.socket, this.#held.bytes, 0, this.#held.length, false);
    }
    this.#held.clear();
    this.#socket.resume();
  }

  #drained(): void {
    this.#since = this.#context.sweeper.now;
    this.#upstream?.socket?.resume();
  }

  #ended(): void {
    this.#inputEnded = true;
    if (this.#phase === 'spliced') this.#upstream?.socket?.end();
    else if (this.#phase === 'head') this.#close();
    else if (this.#phase === 'body' && (this.#connected || this.#held.length === 0)) this.destroy();
    else if (this.#phase === 'closing') this.#socket.once('finish', () => this.destroy());
  }

  #record(status: number, decisionId: string, upstream: Upstream | undefined): void {
    this.#recorded = true;
    const slot = this.#context.ring.add();
    slot.kind = 'request';
    slot.at = this.#startedAt + this.#context.sweeper.wallOffset;
    slot.decision = this.#decision;
    slot.decisionId = decisionId;
    slot.method = this.#method;
    slot.path = this.#path;
    slot.status = status;
    slot.durationMs = this.#context.clock.monotonic() - this.#startedAt;
    slot.trace = this.#trace;
    slot.span = this.#span;
    this.#hop.describe(slot, upstream);
  }

  sweep(now: number): void {
    const { timeouts } = this.#context;
    const quiet = now - this.#since;
    switch (this.#phase) {
      case 'head':
        if (this.#held.length > 0 ? quiet > timeouts.head : quiet > timeouts.idle) {
          if (this.#held.length > 0) this.#refuse('head-timeout', '', '');
          else this.#close();
        }
        return;
      case 'body':
        if (quiet > timeouts.body) this.#abort('body-timeout');
        return;
      case 'wait':
        if (this.#relay.status === 0 ? quiet > timeouts.answer : quiet > timeouts.answer + timeouts.body) {
          const upstream = this.#upstream;
          this.#upstream = undefined;
          if (this.#relay.status === 0) this.#fail(504, upstream);
          else this.destroy();
          upstream?.destroy();
        }
        return;
      case 'closing':
        if (quiet > timeouts.linger) this.destroy();
        return;
      case 'spliced':
      case 'closed':
        return;
      default:
        this.#phase satisfies never;
    }
  }
}
