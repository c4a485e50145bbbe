import type { Clock } from '../base/index.js';
import type { Decision } from '../model/index.js';
import type { RequestHead } from './http1/request-head.js';
import type { RecordSlot } from './record.js';
import type { RecordRing } from './record-ring.js';
import type { Sweeper } from './sweeper.js';
import type { Upstream, UpstreamPool } from './upstream.js';

/** What a process counts; numbers only grow. */
export interface Counts {
  requests: number;
  refused: number;
  wouldRefuse: number;
  flows: number;
  upstreamErrors: number;
  handshakesRefused: number;
}

export function emptyCounts(): Counts {
  return { requests: 0, refused: 0, wouldRefuse: 0, flows: 0, upstreamErrors: 0, handshakesRefused: 0 };
}

/** Milliseconds. */
export interface Timeouts {
  /** From the first byte of a head to its last. */
  readonly head: number;
  /** Without a request in progress. */
  readonly idle: number;
  /** Without a byte of a body moving, in either direction. */
  readonly body: number;
  /** From the end of the request to the first byte of an answer. */
  readonly answer: number;
  /** After our last byte, for the peer to close. */
  readonly linger: number;
}

export const defaultTimeouts: Timeouts = {
  head: 10_000,
  idle: 60_000,
  body: 60_000,
  answer: 300_000,
  linger: 2_000,
};

/** What every connection of one process shares. */
export interface PlaneContext {
  readonly clock: Clock;
  readonly sweeper: Sweeper;
  readonly ring: RecordRing;
  readonly counts: Counts;
  readonly timeouts: Timeouts;
}

/** One way through the data plane, for one connection's HTTP requests: who decides, where they go, how it is recorded. */
export interface HttpHop {
  /** The proved or declared name of the service that is called; stands in `Host` for HTTP/1.0 callers that sent none. */
  readonly service: string;
  /** Per request. Whatever it throws is a refusal. */
  decide(head: RequestHead): Decision;
  /** Undefined: there is nowhere to go. Asked only after an allow. */
  pool(): UpstreamPool | undefined;
  /** Fills in direction, peer, caller and the connection as the workload sees it. */
  describe(slot: RecordSlot, upstream: Upstream | undefined): void;
  /** The connection is over. */
  closed(): void;
}
