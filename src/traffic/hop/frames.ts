/**
 * The frames of `tricordon-hop/1`. Each has a header of 8 bytes, numbers big-endian: type (1), value (3), stream (4).
 * The value is the length of what follows for DATA, an amount for CREDIT, and 0 for the others; only DATA has a payload.
 */

export const frameTypes = {
  /** The caller opens the next stream: numbers go up by one from 1. */
  open: 1,
  data: 2,
  /** The sender has no more bytes for this stream; the other direction goes on. */
  end: 3,
  /** The stream is over in both directions; what was not read is not to be taken for complete. */
  reset: 4,
  /** The sender has read this many more bytes of the stream. */
  credit: 5,
  /** No further stream on this connection; those that are open go on. */
  retire: 6,
  ping: 7,
  pong: 8,
} as const;

export const headerLength = 8;
/** Bytes of one stream that may be on their way or unread. */
export const windowBytes = 128 * 1024;
/** Smaller amounts are not credited, so that credit cannot be a flood. */
export const leastCredit = windowBytes / 4;
export const longestData = 64 * 1024;
/** Streams open at once on one connection. */
export const mostStreams = 256;
/** After so many a connection is retired; half of what fits the field. */
export const lastStream = 0x7fffffff;

/** How a peer can break the protocol: a closed list. Each ends the connection and with it its streams, nothing else. */
export type HopViolation =
  | 'frame-type'
  | 'frame-value'
  | 'frame-stream'
  | 'stream-order'
  | 'stream-unknown'
  | 'data-after-end'
  | 'credit-exceeded'
  | 'credit-overflow'
  | 'half-frame'
  | 'flood'
  | 'silent';

export interface FrameSink {
  /** Every frame but DATA. The header's form is checked, not what it means now. */
  onFrame(type: number, value: number, stream: number): HopViolation | undefined;
  /** The header of a DATA frame, before its payload. */
  onData(stream: number, length: number): HopViolation | undefined;
  /** A piece of the payload of the last DATA frame: `bytes[from..to)`, valid during the call only. */
  onPayload(bytes: Buffer, from: number, to: number): void;
}

/** Reads frames from bytes cut anywhere. Holds at most one header; payloads are handed on as they come. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(headerLength);
  #have = 0;
  /** Of the payload of the DATA frame in progress. */
  #left = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** True where a connection may end. */
  get between(): boolean {
    return this.#have === 0 && this.#left === 0;
  }

  /** Takes `bytes[from..to)`. After a violation nothing more must be given. */
  read(bytes: Buffer, from: number, to: number): HopViolation | undefined {
    let at = from;
    while (at < to) {
      if (this.#left > 0) {
        const stop = Math.min(to, at + this.#left);
        this.#left -= stop - at;
        this.#sink.onPayload(bytes, at, stop);
        at = stop;
        continue;
      }
      let violation: HopViolation | undefined;
      if (this.#have === 0 && to - at >= headerLength) {
        violation = this.#frame(bytes, at);
        at += headerLength;
      } else {
        const stop = Math.min(to, at + headerLength - this.#have);
        bytes.copy(this.#header, this.#have, at, stop);
        this.#have += stop - at;
        at = stop;
        if (this.#have < headerLength) return undefined;
        this.#have = 0;
        violation = this.#frame(this.#header, 0);
      }
      if (violation !== undefined) return violation;
    }
    return undefined;
  }

  #frame(bytes: Buffer, at: number): HopViolation | undefined {
    const first = bytes.readUInt32BE(at);
    const stream = bytes.readUInt32BE(at + 4);
    const type = first >>> 24;
    const value = first & 0xffffff;
    if (type === frameTypes.data) {
      if (value === 0 || value > longestData) return 'frame-value';
      if (stream === 0) return 'frame-stream';
      this.#left = value;
      return this.#sink.onData(stream, value);
    }
    if (type === 0 || type > frameTypes.pong) return 'frame-type';
    if (type === frameTypes.credit ? value < leastCredit || value > windowBytes : value !== 0) return 'frame-value';
    if (type < frameTypes.retire ? stream === 0 : stream !== 0) return 'frame-stream';
    return this.#sink.onFrame(type, value, stream);
  }
}
