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

/** What first bytes are taken for. */
export interface Telling<T> {
  /** undefined: too few bytes to tell. */
  readonly tell: (bytes: Buffer) => T | undefined;
  /** A caller that sends nothing for so long waits for the server. */
  readonly silence: { readonly ms: number; readonly as: T };
  /** One that sends too little for so long after its first byte; left out: the silence counts from the beginning on. */
  readonly late?: { readonly ms: number; readonly as: T };
  /** One that ends before it can be told. */
  readonly ended: (first: Buffer | undefined) => T;
}

/** Calls `decided` once, with what was read and the socket paused. */
export function tellFirst<T>(
  socket: Socket,
  { tell, silence, late, ended }: Telling<T>,
  decided: (told: T, first: Buffer | undefined) => void,
): void {
  let first: Buffer | undefined;
  let timer = setTimeout(() => settle(silence.as), silence.ms);
  const onData = (chunk: Buffer) => {
    if (first === undefined && late !== undefined) {
      clearTimeout(timer);
      timer = setTimeout(() => settle(late.as), late.ms);
    }
    first = first === undefined ? chunk : Buffer.concat([first, chunk]);
    const told = tell(first);
    if (told !== undefined) settle(told);
  };
  const onEnd = () => settle(ended(first));
  const onGone = () => {
    clearTimeout(timer);
    socket.destroy();
  };
  socket.on('data', onData);
  socket.once('end', onEnd);
  socket.once('error', onGone);
  socket.once('close', onGone);

  function settle(told: T): void {
    clearTimeout(timer);
    socket.pause();
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('error', onGone);
    socket.off('close', onGone);
    decided(told, first);
  }
}

/** @param silence what a caller is taken for that sends nothing: `opaque` when the server may speak first */
export function sniff(
  socket: Socket,
  silence: Telling<Protocol>['silence'],
  decided: (protocol: Protocol, first: Buffer | undefined) => void,
): void {
  tellFirst<Protocol>(socket, { tell: protocolOf, silence, ended: () => 'opaque' }, decided);
}
