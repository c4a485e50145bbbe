/** Where a connection was going before nftables redirected it to us: `getsockopt(SOL_IP, SO_ORIGINAL_DST)`. */
import type { Socket } from 'node:net';
import { createRequire } from 'node:module';
import type { Endpoint } from '../model/index.js';
import { descriptorOf } from './sockets.js';

/** Undefined: the kernel does not know one (the connection was not redirected), so nobody may answer it. */
export type OriginalDestination = (socket: Socket) => Endpoint | undefined;

const solIp = 0;
const soOriginalDst = 80;
const afInet = 2;

/**
 * The reader, or why there is none. The native call comes from the optional package `koffi`; without it captured
 * connections are refused.
 */
export function openOriginalDestination(): OriginalDestination | { readonly unavailable: string } {
  let getsockopt: (fd: number, level: number, option: number, value: Buffer, length: Buffer) => unknown;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    getsockopt = koffi.load(null).func('int getsockopt(int, int, int, void *, void *)');
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : 'koffi cannot be loaded' };
  }
  return (socket) => {
    const descriptor = descriptorOf(socket);
    if (descriptor === undefined) return undefined;
    const address = Buffer.alloc(16);
    const length = Buffer.alloc(4);
    length.writeInt32LE(address.length);
    if (getsockopt(descriptor, solIp, soOriginalDst, address, length) !== 0) return undefined;
    const found = parseSocketAddress(address);
    // With connection tracking on, the kernel names our own address for what was never redirected.
    const redirected = found?.port !== socket.localPort || found?.address !== socket.localAddress;
    return redirected ? found : undefined;
  };
}

/** `struct sockaddr_in`: family in host order (x64 and arm64 are little-endian), port and address in network order. */
export function parseSocketAddress(bytes: Buffer): Endpoint | undefined {
  if (bytes.length < 8 || bytes.readUInt16LE(0) !== afInet) return undefined;
  return { port: bytes.readUInt16BE(2), address: [...bytes.subarray(4, 8)].join('.') };
}
