/** Sidecar, toward its workload: peers prove who they are, the own contract decides, the workload sees plain bytes. */
import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type CompiledContract, noContract, refusal } from '../contract/index.js';
import { tlsServerOptions, type VerifiedPeer, verifySocket } from '../identity/index.js';
import type { Decision, Endpoint } from '../model/index.js';
import { alpn } from './alpn.js';
import { addressConnector, inletConnector } from './connectors.js';
import type { WorkloadTarget } from './control-protocol.js';
import { malformedFrames, opaqueDecision } from './decisions.js';
import { recordFlow } from './flow-record.js';
import type { HopViolation } from './hop/frames.js';
import { HopSession } from './hop/session.js';
import type { HopStream } from './hop/stream.js';
import { HttpConnection } from './http-connection.js';
import type { HttpHop } from './http-hop.js';
import {
  type Carrier,
  type Guarded,
  hasRoom,
  isIsolated,
  live,
  type LiveConnection,
  ownContract,
  type PlaneState,
} from './plane-state.js';
import { isRevoked } from './policy.js';
import { provedBy } from './proved.js';
import type { DecisionFacts } from './record.js';
import { decideRequest } from './request-decision.js';
import { cut, plainAddress } from './sockets.js';
import { TcpFlow } from './tcp-flow.js';
import { type Connector, UpstreamPool } from './upstream.js';
import type { Wire } from './wire.js';

/** In the order we prefer them. */
const protocols = [alpn.hop, alpn.http, alpn.tcp];
/** Workloads' own servers often close idle connections after 5 s; be the one who closes first. */
const workloadIdleMs = 3_500;
/** An exchange that is in progress may end when its caller's certificate does so soon. */
const handshakeMs = 10_000;

export interface Inbound {
  readonly server: Server;
  /** New identity or bundle: new handshakes use it. */
  refresh(): void;
  /** Sessions that saw the old identity take no further streams. */
  renewed(): void;
  sweep(now: number): void;
  close(): void;
}

export function createInbound(state: PlaneState, target: WorkloadTarget): Inbound {
  const port = target.port;
  const address = target.kind === 'address' ? target.address : '127.0.0.1';
  const connector: Connector =
    target.kind === 'address'
      ? addressConnector(() => ({ address, port }))
      : inletConnector(() => state.remoteDial, port);
  const pool = new UpstreamPool(connector, workloadIdleMs);
  const sessions = new Set<HopSession>();
  /** What new handshakes show, DER. */
  let shown: Buffer | undefined;
  const server = createServer({
    requestCert: true,
    // Checked below, so that a refusal is recorded with its reason.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: protocols,
    handshakeTimeout: handshakeMs,
    allowHalfOpen: true,
  });
  server.on('connection', (socket) => {
    if (!hasRoom(state) || state.svid === undefined) socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => {
    state.context.counts.handshakesRefused += 1;
    socket.destroy();
  });
  server.on('secureConnection', (socket) => accept(socket));
  return {
    server,
    refresh: () => {
      const { svid, policy } = state;
      if (svid === undefined || policy === undefined) return;
      shown = new X509Certificate(svid.chainPem[0] ?? '').raw;
      server.setSecureContext(
        tlsServerOptions({
          svid,
          bundles: policy.bundles,
          clientCertificate: 'checked-later',
          alpn: protocols,
        }),
      );
    },
    renewed: () => {
      for (const session of sessions) session.retire();
    },
    sweep: (now) => pool.sweep(now),
    close: () => {
      server.close();
      pool.destroyAll();
    },
  };

  function accept(socket: TLSSocket): void {
    socket.on('error', () => {});
    const { policy, context } = state;
    if (policy === undefined) {
      socket.destroy();
      return;
    }
    const peer = verifySocket(socket, policy.bundles, context.clock.now());
    if (peer.kind === 'refused') {
      refuse(socket, refusal('network', peer.reason));
      return;
    }
    if (isRevoked(policy, peer.id, peer.attributes['host'])) {
      refuse(socket, refusal('network', 'identity-expired'), peer);
      return;
    }
    const hop = socket.alpnProtocol === alpn.hop;
    const http = hop || socket.alpnProtocol === alpn.http;
    if (!http && socket.alpnProtocol !== alpn.tcp) {
      refuse(socket, refusal('network', 'malformed'), peer);
      return;
    }
    const decision = connectionDecision(peer, http);
    if (decision.effect === 'deny') {
      refuse(socket, decision, peer);
      return;
    }
    socket.setNoDelay(true);
    const connection = live(state, peer.notAfter, stillAllowed(socket, peer, http));
    if (hop) {
      connection.attach(serveHop(socket, peer, connection));
    } else if (http) {
      recordFlow(context, { ...facts(peer), decision });
      connection.attach(serveHttp(socket, peer, connection));
    } else {
      connection.attach(serveOpaque(socket, peer, decision, connection));
    }
  }

  /** The network layer's answer, or for opaque bytes the stricter of both layers. */
  function connectionDecision(peer: VerifiedPeer, http: boolean): Decision {
    const own = ownContract(state);
    if (own === undefined) return noContract('network');
    const isolated = isIsolated(state, peer.service);
    const network = ingress(own, peer, isolated);
    if (http || network.effect === 'deny') return network;
    const opaque = opaqueDecision(own.version, isolated, port);
    if (opaque.effect === 'deny' || (opaque.effect === 'would-deny' && network.effect === 'allow')) {
      return opaque.reason === 'learning' ? network : opaque;
    }
    return network;
  }

  function ingress(own: CompiledContract, peer: VerifiedPeer, isolated: boolean): Decision {
    return own.decideIngress({
      caller: peer.id,
      callerService: peer.service ?? null,
      attributes: provedBy(peer),
      at: state.at,
      port,
      protocol: 'tcp',
      isolated,
    });
  }

  function facts(peer: VerifiedPeer | undefined) {
    return {
      direction: 'in' as const,
      peer: peer?.service ?? '',
      caller: peer?.id ?? '',
      mtls: peer !== undefined,
      address,
      port,
    };
  }

  function refuse(socket: TLSSocket, decision: Decision, peer?: VerifiedPeer): void {
    if (peer === undefined) state.context.counts.handshakesRefused += 1;
    const remote = plainAddress(socket.remoteAddress);
    recordFlow(state.context, {
      ...facts(peer),
      decision,
      // The workload never saw this connection; who tried is what the record is for.
      ...(remote === '' ? {} : { socket: ends(socket, remote) }),
    });
    cut(socket);
  }

  function ends(socket: TLSSocket, remote: string) {
    return {
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      peerAddress: remote,
      peerPort: socket.remotePort ?? 0,
    };
  }

  function stillAllowed(socket: TLSSocket, peer: VerifiedPeer, http: boolean): Guarded['allowed'] {
    return (policy, bundlesChanged) => {
      if (isRevoked(policy, peer.id, peer.attributes['host'])) return false;
      if (bundlesChanged && verifySocket(socket, policy.bundles, state.context.clock.now()).kind !== 'ok') return false;
      return connectionDecision(peer, http).effect !== 'deny';
    };
  }

  /** Each stream is a connection: decided, recorded and counted as one. */
  function serveHop(socket: TLSSocket, peer: VerifiedPeer, entry: LiveConnection): Carrier {
    const session = new HopSession({
      socket,
      sweeper: state.context.sweeper,
      idleMs: state.context.timeouts.idle,
      onStream: (stream) => takeStream(stream, peer),
      onOver: (violation) => {
        sessions.delete(session);
        entry.over();
        if (violation !== undefined) broken(socket, peer, violation);
      },
    });
    sessions.add(session);
    session.start();
    // Its handshake began before our identity was renewed, and ended after that: too late to be retired with the others.
    if (shown !== undefined && socket.getX509Certificate()?.raw.equals(shown) === false) session.retire();
    return { drain: () => session.retire(), destroy: () => session.destroy() };
  }

  function takeStream(stream: HopStream, peer: VerifiedPeer): void {
    const decision = connectionDecision(peer, true);
    if (decision.effect === 'deny' || !hasRoom(state)) {
      if (decision.effect === 'deny') recordFlow(state.context, { ...facts(peer), decision });
      cut(stream);
      return;
    }
    recordFlow(state.context, { ...facts(peer), decision });
    // What a snapshot or the certificate's end says about the peer is said to the session.
    const connection = live(state, Number.POSITIVE_INFINITY, () => true);
    connection.attach(serveHttp(stream, peer, connection));
  }

  function broken(socket: TLSSocket, peer: VerifiedPeer, violation: HopViolation): void {
    state.log.warn({ peer: peer.id, violation }, 'peer broke the hop protocol');
    // A connection that was lost is no attempt.
    if (violation !== 'half-frame' && violation !== 'silent') refuse(socket, malformedFrames(violation), peer);
  }

  function serveHttp(socket: Wire, peer: VerifiedPeer, entry: LiveConnection): Carrier {
    const service = state.configuration?.service ?? '';
    // Of the request in progress: there is one at a time.
    let facts: DecisionFacts | undefined;
    const hop: HttpHop = {
      service,
      decide: (head) => {
        facts = undefined;
        const own = ownContract(state);
        if (own === undefined) return noContract('api');
        const decided = decideRequest(state, own, peer, head, port);
        facts = decided.facts;
        return decided.decision;
      },
      pool: () => pool,
      describe: (slot, upstream) => {
        slot.direction = 'in';
        slot.facts = facts;
        slot.peer = peer.service ?? '';
        slot.caller = peer.id;
        slot.localAddress = address;
        slot.localPort = port;
        slot.peerAddress = upstream?.localAddress ?? '';
        slot.peerPort = upstream?.localPort ?? 0;
      },
      closed: () => entry.over(),
    };
    return new HttpConnection(state.context, hop, socket);
  }

  function serveOpaque(socket: TLSSocket, peer: VerifiedPeer, decision: Decision, entry: LiveConnection): Carrier {
    const began = state.context.clock.monotonic();
    const seen = (): { socket: NonNullable<Parameters<typeof recordFlow>[1]['socket']> } => ({
      socket: {
        localAddress: address,
        localPort: port,
        peerAddress: flow.upstream.localAddress,
        peerPort: flow.upstream.localPort,
      },
    });
    const flow = new TcpFlow(
      socket,
      connector,
      undefined,
      () => recordFlow(state.context, { ...facts(peer), decision, ...seen() }),
      (end) => {
        entry.over();
        const durationMs = state.context.clock.monotonic() - began;
        recordFlow(state.context, { ...facts(peer), decision, ...seen(), end: { ...end, durationMs } });
      },
    );
    return { drain: () => flow.destroy(), destroy: () => flow.destroy() };
  }
}

/** Where a listener listens. */
export function listenedAt(server: { address(): unknown }): Endpoint | undefined {
  const at = server.address();
  if (typeof at !== 'object' || at === null || !('address' in at) || !('port' in at)) return undefined;
  return typeof at.address === 'string' && typeof at.port === 'number'
    ? { address: at.address, port: at.port }
    : undefined;
}
