/** What a caller sends, cut into heads and bodies; what comes too early is held, and the caller made to wait. */
import { Held } from './bytes.js';
import type { RefusalCode } from './http1/refusal.js';
import { parseRequestHead, type RequestHead } from './http1/request-head.js';
import { incomplete, resumeAt, scanHead } from './http1/scan.js';
import { scanRefusal } from './response-relay.js';
import type { Wire } from './wire.js';

/** Early bytes (of a pipelined request, of a body before its upstream is there) beyond which the caller must wait. */
const heldLimit = 64 * 1024;

export interface InputOwner {
  /** What the next byte is: of a head, of a body that can be passed on, or of something that has to wait. */
  readonly expects: 'head' | 'body' | 'later' | 'nothing';
  onHead(head: RequestHead): void;
  onRefusal(code: RefusalCode, method: string, path: string): void;
  /** Passes `bytes[from..to)` on as far as they belong to the body; returns where it stopped. */
  onBody(bytes: Buffer, from: number, to: number, shared: boolean): number;
}

export class RequestInput {
  readonly #owner: InputOwner;
  readonly #wire: Wire;
  readonly #held = new Held();
  #resume = 0;
  #consuming = false;

  constructor(owner: InputOwner, wire: Wire) {
    this.#owner = owner;
    this.#wire = wire;
  }

  /** Bytes that wait: part of a head, or what came too early. */
  get held(): number {
    return this.#held.length;
  }

  /** `shared`: the memory is valid during the call only. */
  take(bytes: Buffer, from: number, to: number, shared: boolean): void {
    if (this.#held.length === 0) {
      this.#consume(bytes, from, to, shared);
      return;
    }
    this.#held.append(bytes, from, to);
    if (this.#owner.expects === 'head') this.#consumeHeld();
    else this.#waitIfFull();
  }

  /** What was too early may be due now. False when it is being looked at already, further up the stack. */
  release(): boolean {
    if (this.#consuming) return false;
    if (this.#held.length > 0) this.#consumeHeld();
    return true;
  }

  /** Hands out what is held, for a connection that is spliced. */
  rest(pass: (bytes: Buffer, length: number) => void): void {
    if (this.#held.length > 0) pass(this.#held.bytes, this.#held.length);
    this.#held.clear();
  }

  clear(): void {
    this.#held.clear();
  }

  /** Reads on, unless the caller sent too much already. */
  goOn(): void {
    if (this.#held.length <= heldLimit && this.#wire.isPaused()) this.#wire.resume();
  }

  #consumeHeld(): void {
    const bytes = this.#held.bytes;
    const length = this.#held.length;
    this.#held.clear();
    this.#consume(bytes, 0, length, false);
  }

  #consume(bytes: Buffer, from: number, to: number, shared: boolean): void {
    const owner = this.#owner;
    this.#consuming = true;
    let at = from;
    while (at < to) {
      const { expects } = owner;
      if (expects === 'nothing') break;
      if (expects === 'later') {
        this.#held.append(bytes, at, to);
        this.#waitIfFull();
        break;
      }
      if (expects === 'body') {
        at = owner.onBody(bytes, at, to, shared);
        continue;
      }
      const end = scanHead(bytes, at, at + this.#resume, to);
      if (end === incomplete) {
        this.#resume = resumeAt(bytes, at, to) - at;
        this.#held.append(bytes, at, to);
        break;
      }
      this.#resume = 0;
      if (end < 0) {
        owner.onRefusal(scanRefusal(end), '', '');
        break;
      }
      const head = parseRequestHead(bytes.toString('latin1', at, end));
      at = end;
      if (head.kind === 'refused') owner.onRefusal(head.code, head.method, head.path);
      else owner.onHead(head);
    }
    this.#consuming = false;
  }

  #waitIfFull(): void {
    if (this.#held.length > heldLimit) this.#wire.pause();
  }
}
