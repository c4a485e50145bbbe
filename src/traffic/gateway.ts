/** Gateway: the public's requests, in front of one published service each; the callee's contract knows them as `public`. */
import type { Socket } from 'node:net';
import { refusal } from '../contract/index.js';
import { published } from './decisions.js';
import { HttpConnection } from './http-connection.js';
import type { HttpHop } from './http-hop.js';
import type { PeerPools } from './peer-pools.js';
import { hasRoom, isIsolated, live, type PlaneState } from './plane-state.js';
import { cut, plainAddress } from './sockets.js';

/** Takes one connection of the public. Its records say `out`, toward the service; the socket is the client's. */
export function publish(state: PlaneState, pools: PeerPools, service: string, socket: Socket): void {
  if (!hasRoom(state)) {
    cut(socket);
    return;
  }
  const localAddress = plainAddress(socket.localAddress);
  const localPort = socket.localPort ?? 0;
  const peerAddress = plainAddress(socket.remoteAddress);
  const peerPort = socket.remotePort ?? 0;
  const hop: HttpHop = {
    service,
    decide: () => {
      if (state.policy === undefined) return refusal('api', 'no-contract');
      if (isIsolated(state, service)) return refusal('api', 'isolated');
      return published;
    },
    pool: () => pools.http(service),
    describe: (slot, upstream) => {
      slot.direction = 'out';
      slot.facts = undefined;
      slot.peer = service;
      slot.caller = upstream?.peerId ?? '';
      slot.localAddress = localAddress;
      slot.localPort = localPort;
      slot.peerAddress = peerAddress;
      slot.peerPort = peerPort;
    },
    closed: () => connection.over(),
  };
  const connection = live(state, Number.POSITIVE_INFINITY, () => !isIsolated(state, service));
  connection.attach(new HttpConnection(state.context, hop, socket));
}
