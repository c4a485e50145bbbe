/** Tells HTTP/1 from anything else by the first bytes a caller sends. */
import type { Socket } from 'node:net';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const longest = 8;

export type Protocol = 'http' | 'opaque';

/** `undefined`: too few bytes to tell. Methods outside RFC 9110 and RFC 5789 are not looked for. */
export function protocolOf(bytes: Buffer): Protocol | undefined {
  const text = bytes.toString('latin1', 0, longest);
  for (const method of methods) {
    const wanted = `${method} `;
    if (text.startsWith(wanted)) return 'http';
    if (wanted.startsWith(text)) return undefined;
  }
  return 'opaque';
}

/**
 * Waits for enough bytes, or for `silence.ms` without enough of them, or the caller's end; then calls `decided`
 * once, with what was read and the socket paused.
 *
 * @param silence what a caller is taken for that sends nothing: `opaque` when the server may speak first
 */
export function sniff(
  socket: Socket,
  silence: { readonly ms: number; readonly as: Protocol },
  decided: (protocol: Protocol, first: Buffer | undefined) => void,
): void {
  let first: Buffer | undefined;
  const timer = setTimeout(() => settle(silence.as), silence.ms);
  const onData = (chunk: Buffer) => {
    first = first === undefined ? chunk : Buffer.concat([first, chunk]);
    const protocol = protocolOf(first);
    if (protocol !== undefined) settle(protocol);
  };
  const onEnd = () => settle('opaque');
  const onGone = () => {
    clearTimeout(timer);
    socket.destroy();
  };
  socket.on('data', onData);
  socket.once('end', onEnd);
  socket.once('error', onGone);
  socket.once('close', onGone);

  function settle(protocol: Protocol): void {
    clearTimeout(timer);
    socket.pause();
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('error', onGone);
    socket.off('close', onGone);
    decided(protocol, first);
  }
}
