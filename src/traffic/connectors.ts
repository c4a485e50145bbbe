/** The three ways to the next hop: a plain address, the workload behind its inlet, a peer's sidecar over mutual TLS. */
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { codeOf } from '../base/index.js';
import { type Svid, tlsClientOptions, type VerifiedPeer, verifySocket } from '../identity/index.js';
import { type Endpoint, type ReasonCode, serviceId } from '../model/index.js';
import type { PlaneContext } from './http-hop.js';
import { isRevoked, type Policy } from './policy.js';
import type { Connector, Upstream } from './upstream.js';

const dialMs = 5_000;

/** Plain TCP. */
export function addressConnector(target: () => Endpoint): Connector {
  return {
    open: (upstream) => {
      const { address, port } = target();
      const socket = connect({
        host: address,
        port,
        noDelay: true,
        keepAlive: true,
        allowHalfOpen: upstream.halfOpen,
        onread: upstream.reader,
      });
      armed(socket, upstream, 'connect', () => upstream.ready(socket), upstream.failed.bind(upstream));
    },
  };
}

/** Sockets that somebody else opens for us: the inlet, inside the workload's network namespace. */
export type RemoteDial = (port: number, done: (result: Socket | { readonly code: string }) => void) => void;

export function inletConnector(dial: () => RemoteDial | undefined, port: number): Connector {
  return {
    open: (upstream) => {
      const remote = dial();
      if (remote === undefined) {
        process.nextTick(() => upstream.failed('inlet-missing'));
        return;
      }
      remote(port, (result) => {
        if ('code' in result) {
          upstream.failed(result.code);
          return;
        }
        result.setNoDelay(true);
        upstream.ready(result, true);
      });
    },
  };
}

export interface MeshDial {
  readonly service: string;
  readonly alpn: 'tricordon-http/1' | 'tricordon-tcp/1';
  readonly policy: () => Policy | undefined;
  readonly svid: () => Svid | undefined;
  readonly context: PlaneContext;
  /** The server at an endpoint is not who it should be. */
  readonly refused: (endpoint: Endpoint, reason: ReasonCode) => void;
}

/** Mutual TLS to any endpoint of a service; one that is unreachable or proves the wrong identity is passed over. */
export function meshConnector(dial: MeshDial): Connector {
  let turn = 0;
  return {
    open: (upstream) => {
      const endpoints = dial.policy()?.endpoints.get(dial.service) ?? [];
      const first = turn;
      turn = (turn + 1) % Math.max(1, endpoints.length);
      attempt(0);

      function attempt(count: number): void {
        const endpoint = endpoints[(first + count) % Math.max(1, endpoints.length)];
        const policy = dial.policy();
        const svid = dial.svid();
        if (endpoint === undefined || count >= endpoints.length || policy === undefined || svid === undefined) {
          process.nextTick(() => upstream.failed('no-endpoint'));
          return;
        }
        const { clock } = dial.context;
        const expectedId = serviceId(policy.trustDomain, dial.service);
        if (policy.revoked.has(expectedId)) {
          dial.refused(endpoint, 'identity-expired');
          process.nextTick(() => upstream.failed('peer-refused'));
          return;
        }
        // A variable, since Node's types leave out `onread` and `allowHalfOpen`, which `tls.connect` passes on.
        const options = {
          ...tlsClientOptions({ svid, bundles: policy.bundles, clock, expectedId, alpn: [dial.alpn] }),
          host: endpoint.address,
          port: endpoint.port,
          allowHalfOpen: upstream.halfOpen,
          onread: upstream.reader,
        };
        const socket = tlsConnect(options);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, 30_000);
        armed(
          socket,
          upstream,
          'secureConnect',
          () => welcome(socket, endpoint, count),
          (code) => {
            if (code === 'peer-refused' || code.startsWith('ERR_TLS') || code.includes('CERT')) {
              dial.refused(endpoint, code === 'CERT_HAS_EXPIRED' ? 'identity-expired' : 'wrong-trust-domain');
            }
            attempt(count + 1);
          },
        );
      }

      function welcome(socket: TLSSocket, endpoint: Endpoint, count: number): void {
        const { clock, sweeper } = dial.context;
        const policy = dial.policy();
        // The handshake checked the same; again here, since this is the last line before bytes flow.
        const peer = policy === undefined ? undefined : verifySocket(socket, policy.bundles, clock.now());
        if (peer === undefined || !isExpected(peer, policy, dial.service) || socket.alpnProtocol !== dial.alpn) {
          socket.destroy();
          dial.refused(endpoint, peer?.kind === 'refused' ? peer.reason : 'wrong-trust-domain');
          attempt(count + 1);
          return;
        }
        upstream.peerId = peer.id;
        upstream.peerHost = peer.attributes['host'];
        upstream.expiresAt = sweeper.now + (peer.notAfter - clock.now());
        upstream.ready(socket);
      }
    },
  };
}

function isExpected(
  peer: ReturnType<typeof verifySocket>,
  policy: Policy | undefined,
  service: string,
): peer is VerifiedPeer {
  return (
    peer.kind === 'ok' &&
    policy !== undefined &&
    peer.id === serviceId(policy.trustDomain, service) &&
    !isRevoked(policy, peer.id, peer.attributes['host'])
  );
}

/** Exactly one of `opened` and `failed` is called; dialling is bounded in time. */
function armed(
  socket: Socket,
  upstream: Upstream,
  event: 'connect' | 'secureConnect',
  opened: () => void,
  failed: (code: string) => void,
): void {
  const timer = setTimeout(() => settle('ETIMEDOUT'), dialMs);
  const onError = (error: Error) => settle(codeOf(error) ?? 'error');
  const onClose = () => settle('closed');
  let settled = false;
  function settle(code: string | undefined): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.off('close', onClose);
    if (code === undefined) {
      socket.off('error', onError);
      opened();
      return;
    }
    socket.on('error', () => {});
    socket.destroy();
    if (!upstream.closed) failed(code);
  }
  socket.once(event, () => settle(undefined));
  socket.on('error', onError);
  socket.once('close', onClose);
}
