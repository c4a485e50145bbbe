import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Endpoint } from '../model/index.js';
import { HopStream } from './hop/stream.js';
import type { Wire } from './wire.js';

/**
 * Ends a connection so that the peer cannot take what it has for complete: RST on TCP, no `close_notify` on TLS, RESET on a
 * hop's stream. Not `resetAndDestroy`: that sends FIN first when the socket is still writable, which reads as an orderly end.
 */
export function cut(wire: Wire): void {
  if (wire instanceof Socket && !(wire instanceof TLSSocket) && !wire.connecting) {
    Object.assign(wire, { resetAndClosing: true });
  }
  wire.destroy();
}

/** `::ffff:192.0.2.1` is `192.0.2.1`. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The descriptor behind a socket; Node keeps it on an undocumented field. Undefined when it is not there. */
export function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}

// One block for all sockets that are read directly: a read is handled to its end before the next one starts.
const readBlock = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Has an accepted socket read into shared memory, as `onread` does for sockets we open: Node offers the option only there,
 * and a fresh 64 KiB block per read costs a tenth of a request. The switch uses what `onread` uses inside; where Node
 * has it no longer the answer is false and the caller listens for `data` instead.
 *
 * @param take the first `count` bytes are new, valid during the call only
 */
export function readDirectly(socket: Socket, take: (bytes: Buffer, count: number) => void): boolean {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return false;
  const { useUserBuffer } = handle;
  if (typeof useUserBuffer !== 'function') return false;
  const symbols = Object.getOwnPropertySymbols(socket);
  const buffer = symbols.find((symbol) => symbol.description === 'kBuffer');
  const callback = symbols.find((symbol) => symbol.description === 'kBufferCb');
  if (buffer === undefined || callback === undefined || Reflect.get(socket, buffer) !== null) return false;
  Reflect.set(socket, buffer, readBlock);
  Reflect.set(socket, callback, (count: number) => {
    take(readBlock, count);
    return true;
  });
  useUserBuffer.call(handle, readBlock);
  // What was read before the switch.
  for (let early: unknown = socket.read(); early instanceof Buffer; early = socket.read()) take(early, early.length);
  return true;
}

/** Reads what a caller sends: `take` gets `bytes[from..to)`; `shared`: valid during the call only. */
export function read(wire: Wire, take: (bytes: Buffer, from: number, to: number, shared: boolean) => void): void {
  if (wire instanceof HopStream) wire.receive(take);
  else if (wire instanceof Socket && !readDirectly(wire, (bytes, count) => take(bytes, 0, count, true))) {
    wire.on('data', (chunk: Buffer) => take(chunk, 0, chunk.length, false));
  }
}

/** The connection as the workload sees it. */
export function endOf(socket: Socket, destination: Endpoint) {
  return {
    localAddress: plainAddress(socket.remoteAddress),
    localPort: socket.remotePort ?? 0,
    peerAddress: destination.address,
    peerPort: destination.port,
  };
}
