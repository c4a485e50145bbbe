/** What the parts of one data plane process share and what changes under them: identity, policy, live connections. */
import type { Logger } from '../base/index.js';
import type { CompiledContract, Proved } from '../contract/index.js';
import type { Svid } from '../identity/index.js';
import type { Configure } from './control-protocol.js';
import type { RemoteDial } from './connectors.js';
import type { PlaneContext } from './http-hop.js';
import type { OriginalDestination } from './original-destination.js';
import type { Policy } from './policy.js';
import { provedBy } from './proved.js';
import type { Rates } from './rates.js';

/** A live connection that a new snapshot, or time, may end. */
export interface Guarded {
  /** Wall clock in milliseconds: the peer's certificate ends; infinite on plain connections. */
  readonly notAfter: number;
  /** Still allowed under the policy in force? `bundlesChanged`: the chain must be looked at again. */
  allowed(policy: Policy, bundlesChanged: boolean): boolean;
  /** Ends after what is in progress. */
  drain(): void;
  destroy(): void;
}

export interface PlaneState {
  readonly context: PlaneContext;
  /**
   * What must end goes by this, in ms since 1970: a second old at most (reading clocks costs more than deciding), and never
   * set back.
   */
  at: number;
  readonly rates: Rates;
  readonly log: Logger;
  readonly connections: Set<Guarded>;
  /** Refuse new connections beyond this many. */
  readonly maxConnections: number;
  configuration: Configure | undefined;
  policy: Policy | undefined;
  svid: Svid | undefined;
  draining: boolean;
  remoteDial: RemoteDial | undefined;
  originalDestination: OriginalDestination | undefined;
}

/** The contract of the process's own service, or undefined: then nothing passes. */
export function ownContract(state: PlaneState): CompiledContract | undefined {
  const service = state.configuration?.service;
  return service === undefined ? undefined : state.policy?.contracts.get(service);
}

export function isIsolated(state: PlaneState, service: string | undefined): boolean {
  const { policy, configuration } = state;
  if (policy === undefined || configuration === undefined) return true;
  return policy.isolated.has(configuration.service) || (service !== undefined && policy.isolated.has(service));
}

/** What the identity of this process's own service proves. */
export function ownAttributes({ svid }: PlaneState): Proved | undefined {
  return svid === undefined ? undefined : provedBy(svid);
}

/** Of one process; beyond it new ones are refused. */
export const mostConnections = 20_000;

/** True when one more connection may be taken. */
export function hasRoom(state: PlaneState): boolean {
  return !state.draining && state.connections.size < state.maxConnections;
}

/** What carries a connection once it is decided. */
export interface Carrier {
  drain(): void;
  destroy(): void;
}

export interface LiveConnection {
  /** From now on this carries it. */
  attach(carrier: Carrier): void;
  /** It is gone. */
  over(): void;
}

/** Registers a connection until `over`; what is ended before a carrier is attached is ended when it comes. */
export function live(
  state: PlaneState,
  notAfter: number,
  allowed: Guarded['allowed'],
  first?: Carrier,
): LiveConnection {
  let carrier = first;
  let ended = false;
  const guard: Guarded = {
    notAfter,
    allowed,
    drain: () => carrier?.drain(),
    destroy: () => {
      ended = true;
      carrier?.destroy();
    },
  };
  state.connections.add(guard);
  return {
    attach: (next) => {
      carrier = next;
      if (ended) next.destroy();
    },
    over: () => state.connections.delete(guard),
  };
}
