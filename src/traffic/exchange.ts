/** One request as it is decided and recorded, from its head to the status that was sent. */
import { refusal } from '../contract/index.js';
import type { Decision } from '../model/index.js';
import { malformed, malformedBecause } from './decisions.js';
import type { RefusalCode } from './http1/refusal.js';
import type { RequestHead } from './http1/request-head.js';
import type { HttpHop, PlaneContext } from './http-hop.js';
import { randomHex } from './trace-context.js';
import type { Upstream } from './upstream.js';

export class Exchange {
  method = '';
  decision: Decision = malformed;
  /** True until a request begins, and once its record is written. */
  recorded = true;
  readonly #context: PlaneContext;
  readonly #hop: HttpHop;
  #path = '';
  #startedAt = 0;
  #trace = '';
  #span = '';

  constructor(context: PlaneContext, hop: HttpHop) {
    this.#context = context;
    this.#hop = hop;
  }

  /** Decides on the request; a decision that fails is a refusal. */
  begin(head: RequestHead): Decision {
    this.#starts(head.method, head.path, head.trace === '' ? randomHex(32) : head.trace, randomHex(16));
    try {
      this.decision = this.#hop.decide(head);
    } catch {
      this.decision = refusal('api', 'internal-error');
    }
    if (this.decision.effect === 'would-deny') this.#context.counts.wouldRefuse += 1;
    return this.decision;
  }

  /** A request whose head is not taken. */
  beginRefused(code: RefusalCode, method: string, path: string): void {
    this.#starts(method, path, '', '');
    this.decision = malformedBecause(code);
  }

  /** The head as it goes on: canonical path, our framing fields, the trace; nothing that is meant for this hop only. */
  outgoing(head: RequestHead): string {
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

  /** @param status 0: none was sent */
  record(status: number, decisionId: string, upstream: Upstream | undefined): void {
    this.recorded = true;
    const { clock, ring, sweeper } = this.#context;
    const slot = ring.add();
    slot.kind = 'request';
    slot.at = this.#startedAt + sweeper.wallOffset;
    slot.decision = this.decision;
    slot.decisionId = decisionId;
    slot.method = this.method;
    slot.path = this.#path;
    slot.status = status;
    slot.durationMs = clock.monotonic() - this.#startedAt;
    slot.trace = this.#trace;
    slot.span = this.#span;
    this.#hop.describe(slot, upstream);
  }

  #starts(method: string, path: string, trace: string, span: string): void {
    this.#context.counts.requests += 1;
    this.#startedAt = this.#context.clock.monotonic();
    this.method = method;
    this.#path = path;
    this.#trace = trace;
    this.#span = span;
    this.recorded = false;
  }
}
