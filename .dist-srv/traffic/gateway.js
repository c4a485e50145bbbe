import { refusal } from '../contract/index.js';
import { published } from './decisions.js';
import { HttpConnection } from './http-connection.js';
import { hasRoom, isIsolated, live } from './plane-state.js';
import { cut, plainAddress } from './sockets.js';
/** Takes one connection of the public. Its records say `out`, toward the service; the socket is the client's. */
export function publish(state, pools, service, socket) {
    if (!hasRoom(state)) {
        cut(socket);
        return;
    }
    const localAddress = plainAddress(socket.localAddress);
    const localPort = socket.localPort ?? 0;
    const peerAddress = plainAddress(socket.remoteAddress);
    const peerPort = socket.remotePort ?? 0;
    const hop = {
        service,
        decide: () => {
            if (state.policy === undefined)
                return refusal('api', 'no-contract');
            if (isIsolated(state, service))
                return refusal('api', 'isolated');
            return published;
        },
        pool: () => pools.http(service),
        describe: (slot, upstream) => {
            slot.direction = 'out';
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
