/** Reads one upstream's answer, checks its framing, and passes it on to the caller. */
import { Held, writeBytes } from './bytes.js';
import { ChunkedReader } from './http1/chunked.js';
import type { RefusalCode } from './http1/refusal.js';
import { endToEnd, parseResponseHead } from './http1/response-head.js';
import { bareCr, bareLf, controlCharacter, incomplete, resumeAt, scanHead } from './http1/scan.js';
import type { Wire } from './wire.js';

/** What happened with the bytes: more are needed, the answer is over, the protocol was switched, or it is no HTTP. */
export type RelayState = 'more' | 'done' | 'upgraded' | 'malformed';

export class ResponseRelay {
  /** Status of the final response once its head was passed on; 0 before. */
  status = 0;
  /** Any byte of an answer has arrived: the request must not be sent again. */
  begun = false;
  /** The upstream connection can carry another exchange after this one. */
  reusable = false;
  /** The caller's connection must end after this response; it was told so where it could be. */
  closes = false;
  /** Set when the caller reads slower than the upstream sends. */
  congested = false;
  /** Why an answer was not taken; for the log. */
  refusal: RefusalCode | undefined;
  readonly #to: Wire;
  readonly #held = new Held();
  #resume = 0;
  #bodiless = false;
  #minor: 0 | 1 = 1;
  #upgrade = false;
  #left = 0;
  #framing: 'length' | 'chunked' | 'until-close' = 'length';
  #reader: ChunkedReader | undefined;

  constructor(to: Wire) {
    this.#to = to;
  }

  /** For the next exchange. `minor` is the caller's version; `upgrade`: it asked for a WebSocket. */
  begin(method: string, minor: 0 | 1, keepAlive: boolean, upgrade: boolean): void {
    this.status = 0;
    this.begun = false;
    this.reusable = false;
    this.closes = !keepAlive;
    this.congested = false;
    this.refusal = undefined;
    this.#bodiless = method === 'HEAD';
    this.#minor = minor;
    this.#upgrade = upgrade;
    this.#resume = 0;
    this.#reader = undefined;
  }

  /**
   * Takes `bytes[from..to)`. After `done` bytes left over make the upstream unusable; after `upgraded` they were passed
   * on.
   */
  take(bytes: Buffer, from: number, to: number, shared: boolean): RelayState {
    this.begun = true;
    if (this.status !== 0) return this.#body(bytes, from, to, shared);
    if (this.#held.length === 0) return this.#head(bytes, from, to, shared);
    this.#held.append(bytes, from, to);
    const held = this.#held.bytes;
    const length = this.#held.length;
    this.#held.clear();
    return this.#head(held, 0, length, false);
  }

  /** The upstream ended the connection. `done` only where that is how the body ends. */
  end(clean: boolean): RelayState {
    if (this.status === 0 || this.#framing !== 'until-close' || !clean) return 'malformed';
    if (this.#minor === 1) this.#write('0\r\n\r\n');
    return 'done';
  }

  #head(bytes: Buffer, from: number, to: number, shared: boolean): RelayState {
    let at = from;
    for (;;) {
      const end = scanHead(bytes, at, at + this.#resume, to);
      if (end === incomplete) {
        this.#resume = resumeAt(bytes, at, to) - at;
        this.#held.append(bytes, at, to);
        return 'more';
      }
      this.#resume = 0;
      if (end < 0) return this.#refuse(scanRefusal(end));
      const text = bytes.toString('latin1', at, end);
      const head = parseResponseHead(text, this.#bodiless);
      if (head.kind === 'refused') return this.#refuse(head.code);
      if (head.status === 101) {
        if (!this.#upgrade || !head.upgrade) return this.#refuse('upgrade');
        this.status = 101;
        this.#write(`HTTP/1.1 101${endToEnd(text, head)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
        if (end < to) this.congested = !writeBytes(this.#to, bytes, end, to, shared);
        return 'upgraded';
      }
      if (head.status < 200) {
        // Interim responses: only for callers that know them (RFC 9110 section 15.2).
        if (this.#minor === 1) this.#write(`HTTP/1.1 ${head.status}${endToEnd(text, head)}\r\n`);
        at = end;
        if (at === to) return 'more';
        continue;
      }
      if (this.#minor === 0 && head.length === -1) return this.#refuse('transfer-encoding-http10');
      this.status = head.status;
      this.reusable = head.keepAlive;
      this.#framing = head.length === -2 ? 'until-close' : head.length === -1 ? 'chunked' : 'length';
      this.#left = head.length;
      if (this.#framing === 'chunked') this.#reader = new ChunkedReader();
      if (this.#framing === 'until-close' && this.#minor === 0) this.closes = true;
      if (head.untouched && !this.closes) {
        const stop = this.#extent(bytes, end, to);
        this.congested = !writeBytes(this.#to, bytes, at, stop, shared);
        return this.#after(stop, to);
      }
      // Chunks for a caller that knows them: a cut-off is then told from an end, which the connection's end alone is not.
      const coding = this.#framing === 'until-close' && this.#minor === 1 ? 'Transfer-Encoding: chunked\r\n' : '';
      const fresh = `HTTP/1.1 ${head.status}${endToEnd(text, head)}${coding}${this.closes ? 'Connection: close\r\n' : ''}\r\n`;
      if (this.#framing !== 'until-close' && to - end <= 8_192) {
        const stop = this.#extent(bytes, end, to);
        this.#write(fresh + bytes.toString('latin1', end, stop));
        return this.#after(stop, to);
      }
      this.#write(fresh);
      return end < to || this.#left === 0 ? this.#body(bytes, end, to, shared) : 'more';
    }
  }

  #body(bytes: Buffer, from: number, to: number, shared: boolean): RelayState {
    if (this.#framing === 'until-close') {
      if (to > from) {
        if (this.#minor === 1) this.#to.write(`${(to - from).toString(16)}\r\n`, 'latin1');
        this.congested = !writeBytes(this.#to, bytes, from, to, shared);
        if (this.#minor === 1) this.congested = !this.#to.write('\r\n', 'latin1');
      }
      return 'more';
    }
    const stop = this.#extent(bytes, from, to);
    if (stop > from) this.congested = !writeBytes(this.#to, bytes, from, stop, shared);
    return this.#after(stop, to);
  }

  /** Where the body's part of `bytes[from..to)` ends; counts it as taken. */
  #extent(bytes: Buffer, from: number, to: number): number {
    if (this.#reader !== undefined) return this.#reader.read(bytes, from, to);
    const taken = Math.min(this.#left, to - from);
    this.#left -= taken;
    return from + taken;
  }

  #after(stop: number, to: number): RelayState {
    if (this.#reader !== undefined) {
      if (this.#reader.refusal !== undefined) return this.#refuse(this.#reader.refusal);
      if (!this.#reader.done) return 'more';
    } else if (this.#left > 0) {
      return 'more';
    }
    if (stop < to) this.reusable = false;
    return 'done';
  }

  #write(text: string): void {
    this.congested = !this.#to.write(text, 'latin1');
  }

  #refuse(code: RefusalCode): RelayState {
    this.refusal = code;
    return 'malformed';
  }
}

/** The refusal behind a negative answer of `scanHead`. */
export function scanRefusal(result: number): RefusalCode {
  if (result === bareCr) return 'bare-cr';
  if (result === bareLf) return 'bare-lf';
  return result === controlCharacter ? 'control-character' : 'head-too-large';
}
