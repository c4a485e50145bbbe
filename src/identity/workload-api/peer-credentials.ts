/** Who opened a Unix socket, as the kernel says it (`SO_PEERCRED`, unix(7)). The per-workload socket is the main proof. */
import type { Socket } from 'node:net';

/** Of the process that called connect(2); it may have handed the socket on since. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * `getsockopt(2)` as a port, since Node has none: whoever holds native calls (koffi) passes it in. Undefined when the
 * call failed.
 */
export type GetSocketOption = (fd: number, level: number, name: number, bytes: number) => Buffer | undefined;

const solSocket = 1;
const soPeerCred = 17;

/** Undefined means unknown, never "nobody": without native calls, on a closed socket, or where the kernel refuses. */
export function peerCredentials(
  socket: Socket,
  getSocketOption: GetSocketOption | undefined,
): PeerCredentials | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined || getSocketOption === undefined) return undefined;
  const answer = getSocketOption(fd, solSocket, soPeerCred, 12);
  if (answer === undefined || answer.length < 12) return undefined;
  // struct ucred is three ints in host order; both supported platforms are little-endian
  const pid = answer.readInt32LE(0);
  // pid 0: the peer lives in a pid namespace that cannot be seen from here
  return pid === 0 ? undefined : { pid, uid: answer.readUInt32LE(4), gid: answer.readUInt32LE(8) };
}

/** Node keeps the descriptor in an internal field, stable since 0.x; -1 once closed. */
function descriptorOf(socket: Socket): number | undefined {
  if (!('_handle' in socket)) return undefined;
  const handle: unknown = socket._handle;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
