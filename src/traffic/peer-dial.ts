/** Mutual TLS to one endpoint of a service: whoever answers there must prove to be that service. */
import type { OnReadOpts } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Logger } from '../base/index.js';
import {
  type Bundles,
  type PeerResult,
  type Svid,
  tlsClientOptions,
  type VerifiedPeer,
  verifyPeer,
} from '../identity/index.js';
import { type Endpoint, type ReasonCode, serviceId } from '../model/index.js';
import { armed } from './dialling.js';
import type { PlaneContext } from './http-hop.js';
import { isRevoked, type Policy } from './policy.js';

export interface MeshDial {
  readonly service: string;
  readonly policy: () => Policy | undefined;
  readonly svid: () => Svid | undefined;
  readonly context: PlaneContext;
  readonly log: Logger;
  /** The server at an endpoint is not who it should be. */
  readonly refused: (endpoint: Endpoint, reason: ReasonCode) => void;
}

export interface PeerDial extends MeshDial {
  readonly endpoint: Endpoint;
  /** Protocols to offer; the peer chooses. */
  readonly alpn: readonly string[];
  /** Either side may end while the other goes on sending. */
  readonly halfOpen: boolean;
  /** What is read from it; the memory is valid during the call only. */
  readonly onread: OnReadOpts;
}

/** A connection to a peer whose identity was verified. */
export interface PeerConnection {
  readonly socket: TLSSocket;
  readonly alpn: string;
  readonly peerId: string;
  /** The host whose agent attested the peer, as its certificate says. */
  readonly peerHost: string | undefined;
  /** Monotonic time after which it must not be used: the peer's certificate ends. */
  readonly expiresAt: number;
  /** Whether its chain still ends in a root of these. */
  readonly trustedBy: (bundles: Bundles) => boolean;
}

/** Calls exactly one of `opened` and `failed`, later. */
export function dialPeer(
  dial: PeerDial,
  opened: (connection: PeerConnection) => void,
  failed: (code: string) => void,
): void {
  const { endpoint, service, context } = dial;
  const policy = dial.policy();
  const svid = dial.svid();
  if (policy === undefined || svid === undefined) {
    process.nextTick(() => failed('no-identity'));
    return;
  }
  const { clock, sweeper } = context;
  const expectedId = serviceId(policy.trustDomain, service);
  if (policy.revoked.has(expectedId)) {
    dial.refused(endpoint, 'identity-expired');
    process.nextTick(() => failed('peer-refused'));
    return;
  }
  // A variable, since Node's types leave out `onread` and `allowHalfOpen`, which `tls.connect` passes on.
  const options = {
    ...tlsClientOptions({ svid, bundles: policy.bundles, clock, expectedId, alpn: dial.alpn }),
    host: endpoint.address,
    port: endpoint.port,
    allowHalfOpen: dial.halfOpen,
    onread: dial.onread,
  };
  const socket = connect(options);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  armed(socket, 'secureConnect', welcome, (code) => {
    if (code === 'peer-refused' || code.startsWith('ERR_TLS') || code.includes('CERT')) {
      dial.refused(endpoint, code === 'CERT_HAS_EXPIRED' ? 'identity-expired' : 'wrong-trust-domain');
    }
    failed(code);
  });

  function welcome(): void {
    const current = dial.policy();
    // Node 20 gives it to a client once: the second time there is none.
    const certificate = socket.getPeerX509Certificate();
    // The handshake checked the same; again here, since this is the last line before bytes flow.
    const peer = current === undefined ? undefined : verifyPeer(certificate, current.bundles, clock.now());
    const alpn = socket.alpnProtocol;
    if (
      peer === undefined ||
      !isExpected(peer, current, service) ||
      typeof alpn !== 'string' ||
      !dial.alpn.includes(alpn)
    ) {
      socket.destroy();
      dial.refused(endpoint, peer?.kind === 'refused' ? peer.reason : 'wrong-trust-domain');
      failed('peer-refused');
      return;
    }
    opened({
      socket,
      alpn,
      peerId: peer.id,
      peerHost: peer.attributes['host'],
      expiresAt: sweeper.now + (peer.notAfter - clock.now()),
      trustedBy: (bundles) => verifyPeer(certificate, bundles, clock.now()).kind === 'ok',
    });
  }
}

function isExpected(peer: PeerResult, policy: Policy | undefined, service: string): peer is VerifiedPeer {
  return (
    peer.kind === 'ok' &&
    policy !== undefined &&
    peer.id === serviceId(policy.trustDomain, service) &&
    !isRevoked(policy, peer.id, peer.attributes['host'])
  );
}
