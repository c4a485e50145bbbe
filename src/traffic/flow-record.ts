import type { Decision } from '../model/index.js';
import type { PlaneContext } from './http-hop.js';
import type { DecisionFacts, RecordSlot } from './record.js';

/** A network-layer record: one when a connection is decided, one more with bytes and duration when an opaque one ends. */
export interface FlowFacts {
  readonly direction: 'in' | 'out';
  readonly decision: Decision;
  /** Empty when unknown. */
  readonly peer: string;
  readonly caller: string;
  readonly mtls: boolean;
  /** Where it goes to, as dialled. */
  readonly address: string;
  readonly port: number;
  /** As the workload sees it; left out when not known. */
  readonly socket?: {
    readonly localAddress: string;
    readonly localPort: number;
    readonly peerAddress: string;
    readonly peerPort: number;
  };
  readonly facts?: DecisionFacts | undefined;
  readonly end?: { readonly bytesIn: number; readonly bytesOut: number; readonly durationMs: number };
}

/** Writes one; counts it unless it is the closing one of a flow that was counted. */
export function recordFlow(context: PlaneContext, facts: FlowFacts): void {
  const { decision } = facts;
  if (facts.end === undefined) {
    context.counts.flows += 1;
    if (decision.effect === 'deny') context.counts.refused += 1;
    else if (decision.effect === 'would-deny') context.counts.wouldRefuse += 1;
  }
  const slot: RecordSlot = context.ring.add();
  slot.kind = 'flow';
  slot.at = context.clock.now();
  slot.direction = facts.direction;
  slot.decision = decision;
  slot.decisionId = '';
  slot.facts = facts.facts;
  slot.peer = facts.peer;
  slot.caller = facts.caller;
  slot.trace = '';
  slot.span = '';
  slot.mtls = facts.mtls;
  slot.address = facts.address;
  slot.port = facts.port;
  slot.localAddress = facts.socket?.localAddress ?? '';
  slot.localPort = facts.socket?.localPort ?? 0;
  slot.peerAddress = facts.socket?.peerAddress ?? '';
  slot.peerPort = facts.socket?.peerPort ?? 0;
  slot.durationMs = facts.end?.durationMs ?? -1;
  slot.bytesIn = facts.end?.bytesIn ?? 0;
  slot.bytesOut = facts.end?.bytesOut ?? 0;
}
