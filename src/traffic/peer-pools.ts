/** Connections toward peers, per service; used by the sidecar's outbound side and by the gateway. */
import { refusal } from '../contract/index.js';
import { recordFlow } from './flow-record.js';
import type { MeshDial } from './peer-dial.js';
import { opaqueConnector, PeerSessions, type Proved } from './peer-sessions.js';
import { isIsolated, type PlaneState } from './plane-state.js';
import { isRevoked } from './policy.js';
import { type Connector, UpstreamPool } from './upstream.js';

const meshIdleMs = 50_000;

interface Way {
  readonly sessions: PeerSessions;
  readonly pool: UpstreamPool;
}

export class PeerPools {
  readonly #state: PlaneState;
  readonly #ways = new Map<string, Way>();

  constructor(state: PlaneState) {
    this.#state = state;
  }

  /** Undefined while there is no identity, no policy, or no endpoint to go to. */
  http(service: string): UpstreamPool | undefined {
    const { svid, policy } = this.#state;
    if (svid === undefined || policy === undefined || (policy.endpoints.get(service)?.length ?? 0) === 0)
      return undefined;
    let way = this.#ways.get(service);
    if (way === undefined) {
      const sessions = new PeerSessions(this.#dial(service));
      way = { sessions, pool: new UpstreamPool(sessions, meshIdleMs) };
      this.#ways.set(service, way);
    }
    return way.pool;
  }

  opaque(service: string): Connector {
    return opaqueConnector(this.#dial(service));
  }

  sweep(now: number): void {
    for (const { sessions, pool } of this.#ways.values()) {
      sessions.review(now);
      pool.sweep(now);
      // A connection never outlives the identity that was proved on it.
      pool.drain((upstream) => upstream.expiresAt <= now);
      pool.dropUnusable(now);
    }
  }

  /** After a new snapshot: connections to isolated or revoked peers end, and those to peers that no root vouches for any more. */
  recheck(bundlesChanged: boolean): void {
    const { policy, context } = this.#state;
    for (const [service, { sessions, pool }] of this.#ways) {
      if (policy === undefined || isIsolated(this.#state, service)) {
        sessions.destroy(() => true);
        pool.destroyAll();
        continue;
      }
      const condemned = ({ peerId, peerHost, trustedBy }: Proved) =>
        isRevoked(policy, peerId, peerHost) || (bundlesChanged && !trustedBy(policy.bundles));
      sessions.destroy(condemned);
      pool.drain(condemned);
      sessions.review(context.sweeper.now);
      pool.dropUnusable(context.sweeper.now);
    }
  }

  /** Our identity was renewed: what is open goes on, nothing new is sent under the old one. */
  renewed(): void {
    for (const { sessions, pool } of this.#ways.values()) {
      sessions.retire();
      pool.dropUnusable(this.#state.context.sweeper.now);
    }
  }

  close(): void {
    for (const { sessions, pool } of this.#ways.values()) {
      sessions.destroy(() => true);
      pool.destroyAll();
    }
  }

  #dial(service: string): MeshDial {
    const state = this.#state;
    return {
      service,
      policy: () => state.policy,
      svid: () => state.svid,
      context: state.context,
      log: state.log,
      refused: (endpoint, reason) => {
        state.context.counts.handshakesRefused += 1;
        const decision = refusal('network', reason);
        recordFlow(state.context, {
          direction: 'out',
          decision,
          peer: service,
          caller: '',
          mtls: false,
          address: endpoint.address,
          port: endpoint.port,
        });
      },
    };
  }
}
