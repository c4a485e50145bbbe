/** The name that a connection's first bytes ask for: `server_name` of TLS (RFC 6066, section 3), or HTTP's `Host`. */
import type { Socket } from 'node:net';
import { protocolOf, tellFirst } from '../sniff.js';

export type FirstName =
  | { readonly kind: 'name'; readonly name: string }
  /** Another protocol, or a client that names nobody. */
  | { readonly kind: 'none' }
  /** One of the two, in a way that two readers could take differently. */
  | { readonly kind: 'broken' };

const none: FirstName = { kind: 'none' };
const broken: FirstName = { kind: 'broken' };
/** Of a hello or a head. */
const longest = 16 * 1024;
/** A client that says nothing for so long waits for the server. */
const silentMs = 300;
const patienceMs = 5_000;

/** undefined: too few bytes to tell. */
export function nameIn(bytes: Buffer): FirstName | undefined {
  if (bytes.length > longest) return broken;
  if (bytes[0] === 0x16) return bytes.length < 3 ? undefined : bytes[1] === 3 ? helloName(bytes) : none;
  const protocol = protocolOf(bytes);
  if (protocol === undefined) return undefined;
  return protocol === 'opaque' ? none : hostName(bytes);
}

/** Reads until the name is known, then calls `done` once, with what was read and the socket paused. */
export function readName(socket: Socket, done: (name: FirstName, first: Buffer | undefined) => void): void {
  tellFirst(
    socket,
    {
      tell: nameIn,
      silence: { ms: silentMs, as: none },
      late: { ms: patienceMs, as: broken },
      ended: (first) => (first === undefined ? none : broken),
    },
    done,
  );
}

/** TLS 1.3, section 4.1.2; a hello may come in several records, and often does so to hide its name. */
function helloName(bytes: Buffer): FirstName | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  let at = 0;
  for (;;) {
    if (at + 5 > bytes.length) return undefined;
    if (bytes[at] !== 0x16 || bytes[at + 1] !== 3) return broken;
    const size = bytes.readUInt16BE(at + 3);
    if (size === 0 || size > longest) return broken;
    const part = bytes.subarray(at + 5, at + 5 + size);
    parts.push(part);
    length += part.length;
    if (length >= 4) {
      const hello = Buffer.concat(parts);
      if (hello[0] !== 1) return broken;
      const wanted = 4 + hello.readUIntBE(1, 3);
      if (wanted > longest) return broken;
      if (length >= wanted) return serverName(hello.subarray(4, wanted));
    }
    if (part.length < size) return undefined;
    at += 5 + size;
  }
}

function serverName(hello: Buffer): FirstName {
  try {
    let at = 34;
    at += 1 + hello.readUInt8(at);
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    if (at === hello.length) return none;
    const end = at + 2 + hello.readUInt16BE(at);
    if (end !== hello.length) return broken;
    at += 2;
    let found: FirstName = none;
    while (at < end) {
      const [type, size] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)];
      at += 4;
      if (at + size > end) return broken;
      if (type === 0) {
        if (found !== none) return broken;
        const list = hello.subarray(at, at + size);
        // One name, of a host: the only kind there is.
        if (list.length < 5 || list[2] !== 0 || list.readUInt16BE(0) !== list.length - 2) return broken;
        if (list.readUInt16BE(3) !== list.length - 5) return broken;
        found = plainName(list.toString('latin1', 5));
      }
      at += size;
    }
    return found;
  } catch {
    return broken;
  }
}

function hostName(bytes: Buffer): FirstName | undefined {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...fields] = text.slice(0, end).split('\r\n');
  // Another form of target names a host as well, which a server may prefer (RFC 9112, section 3.2.2).
  if (!/^[A-Z]+ [/*]/.test(start)) return broken;
  const hosts = fields.filter((field) => /^host[ \t]*:/i.test(field));
  const [host, ...more] = hosts;
  if (host === undefined) return none;
  if (more.length > 0 || /^host[ \t]/i.test(host)) return broken;
  return plainName(
    host
      .slice(5)
      .trim()
      .replace(/:[0-9]*$/, ''),
  );
}

function plainName(text: string): FirstName {
  const name = text.toLowerCase().replace(/\.$/, '');
  return name.length <= 253 && /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name) && !name.includes('..')
    ? { kind: 'name', name }
    : broken;
}
