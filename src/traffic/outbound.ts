/** Sidecar, from its workload: known services by mutual TLS, everything else by the network layer's decision alone. */
import type { Socket } from 'node:net';
import { noContract } from '../contract/index.js';
import type { Decision, Endpoint } from '../model/index.js';
import { askedBy } from './asked.js';
import type { OutboundRoute } from './control-protocol.js';
import { directOut, type NameBook } from './egress/index.js';
import { recordFlow } from './flow-record.js';
import { HttpConnection } from './http-connection.js';
import type { HttpHop } from './http-hop.js';
import type { PeerPools } from './peer-pools.js';
import { type Carrier, hasRoom, isIsolated, live, ownAttributes, ownContract, type PlaneState } from './plane-state.js';
import { cut, endOf } from './sockets.js';
import { type Protocol, sniff } from './sniff.js';
import { TcpFlow } from './tcp-flow.js';

/** A caller that says nothing for so long waits for the server to speak first. */
const silentMs = 300;

/** How connections leave. */
export interface Ways {
  readonly pools: PeerPools;
  readonly book: NameBook;
}

/** One connection of the workload toward a declared dependency. `destination` is what the workload dialled. */
export function routeOut(
  state: PlaneState,
  { pools, book }: Ways,
  route: OutboundRoute,
  socket: Socket,
  destination: Endpoint,
): void {
  // A name that is no service of ours is an address outside: no identity will be proved there.
  if (state.policy !== undefined && !state.policy.endpoints.has(route.service)) {
    directOut({ state, book }, socket, destination, { host: route.host, port: route.port });
    return;
  }
  if (!hasRoom(state)) {
    cut(socket);
    return;
  }
  socket.on('error', () => {});
  const service = route.service;
  const workloadEnd = endOf(socket, destination);
  const facts = {
    direction: 'out' as const,
    peer: service,
    caller: '',
    mtls: true,
    address: destination.address,
    // The port that contracts speak of: without capture the workload dialled a port of the sidecar's own instead.
    port: route.port,
    socket: workloadEnd,
  };
  const decide = (): Decision => {
    const own = ownContract(state);
    if (own === undefined) return noContract('network');
    return own.decideEgress({
      attributes: ownAttributes(state),
      at: state.at,
      service,
      host: route.host,
      port: route.port,
      protocol: 'tcp',
      isolated: isIsolated(state, service),
    });
  };
  const decision = decide();
  if (decision.effect === 'deny') {
    recordFlow(state.context, { ...facts, decision });
    cut(socket);
    return;
  }
  const connection = live(
    state,
    Number.POSITIVE_INFINITY,
    () => decide().effect !== 'deny',
    carrierOf(() => cut(socket)),
  );
  // Until the protocol is known nobody else looks after the socket.
  const early = () => connection.over();
  socket.once('close', early);
  sniff(socket, silenceOf(state, service), (protocol, first) => {
    if (socket.destroyed) return;
    socket.off('close', early);
    recordFlow(state.context, { ...facts, decision });
    connection.attach(protocol === 'http' ? passHttp(first) : passOpaque(first));
    socket.resume();
  });

  function passOpaque(first: Buffer | undefined): Carrier {
    const began = state.context.clock.monotonic();
    const flow = new TcpFlow(
      socket,
      pools.opaque(service),
      first,
      () => {},
      (end) => {
        connection.over();
        const durationMs = state.context.clock.monotonic() - began;
        recordFlow(state.context, { ...facts, decision, end: { ...end, durationMs } });
      },
    );
    return carrierOf(() => flow.destroy());
  }

  function passHttp(first: Buffer | undefined): Carrier {
    const hop: HttpHop = {
      service,
      decide: (head) => {
        const own = ownContract(state);
        if (own === undefined) return noContract('api');
        return own.decideCall({
          attributes: ownAttributes(state),
          at: state.at,
          claims: askedBy(own).users ? state.policy?.users.userOf(head.fields, state.at).claims : null,
          peerService: service,
          host: route.host,
          method: head.method,
          path: head.path,
          isolated: isIsolated(state, service),
        });
      },
      pool: () => pools.http(service),
      describe: (slot, upstream) => {
        slot.direction = 'out';
        slot.facts = undefined;
        slot.peer = service;
        slot.caller = upstream?.peerId ?? '';
        slot.localAddress = workloadEnd.localAddress;
        slot.localPort = workloadEnd.localPort;
        slot.peerAddress = workloadEnd.peerAddress;
        slot.peerPort = workloadEnd.peerPort;
      },
      closed: () => connection.over(),
    };
    return new HttpConnection(state.context, hop, socket, first);
  }
}

/**
 * What a silent caller is taken for. Where the callee's operations are enforced opaque bytes would be refused there
 * anyway, so a client that opens connections ahead of its requests is waited for.
 */
function silenceOf(state: PlaneState, service: string): { readonly ms: number; readonly as: Protocol } {
  const contract = state.policy?.contracts.get(service)?.version.contract;
  return contract?.api?.serves !== undefined && contract.mode.api === 'enforce'
    ? { ms: state.context.timeouts.head, as: 'http' }
    : { ms: silentMs, as: 'opaque' };
}

function carrierOf(destroy: () => void): Carrier {
  return { drain: destroy, destroy };
}
