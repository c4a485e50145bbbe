/**
 * Room for connections on one listener: when it is full, those that say nothing give way, so that they cannot lock
 * others out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

export interface Room {
  readonly size: number;
}

/**
 * Keeps at most `most` connections. A new one takes the place of the oldest that never sent a whole request head, then of
 * the longest idle between two requests. INVARIANT: one whose request is being answered is never closed to make room;
 * when there are only such, the new one is.
 */
export function holdRoom(server: Server, most: number): Room {
  // Each map is in the order in which its connections came to this state. Raw and TLS socket share the key.
  const silent = new Map<string, Socket>();
  const busy = new Map<string, Socket>();
  const idle = new Map<string, Socket>();
  const size = () => silent.size + busy.size + idle.size;

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    // Gone before we looked at it.
    if (key === undefined) return void socket.destroy();
    if (size() >= most) {
      const given = oldest(silent) ?? oldest(idle);
      if (given === undefined) return void socket.destroy();
      // Forgotten at once: its close event comes later than the next connections may.
      silent.delete(given.key);
      idle.delete(given.key);
      given.socket.destroy();
    }
    silent.set(key, socket);
    socket.once('close', () => {
      for (const state of [silent, busy, idle]) if (state.get(key) === socket) state.delete(key);
    });
  });

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const key = keyOf(request.socket);
    const socket = key === undefined ? undefined : (silent.get(key) ?? idle.get(key));
    if (key === undefined || socket === undefined) return;
    silent.delete(key);
    idle.delete(key);
    busy.set(key, socket);
    response.once('close', () => {
      if (busy.get(key) !== socket) return;
      busy.delete(key);
      idle.set(key, socket);
    });
  });

  return {
    get size() {
      return size();
    },
  };
}

function oldest(state: ReadonlyMap<string, Socket>): { key: string; socket: Socket } | undefined {
  for (const [key, socket] of state) return { key, socket };
  return undefined;
}

/** What tells a listener's living connections apart. */
function keyOf({ localAddress, remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${localAddress} ${remoteAddress} ${remotePort}`;
}
