/** The few pieces of DER (ITU-T X.690) that X.509 needs: a writer that concatenates and a reader that refuses. */
import { IdentityError } from './errors.js';

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const encoded = new Map<string, Buffer>();

/** One element: `body` without, `raw` with tag and length. */
export interface Der {
  readonly tag: number;
  readonly body: Buffer;
  readonly raw: Buffer;
}

export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const part of parts) size += part.length;
  const head = size < 128 ? [tag, size] : size < 256 ? [tag, 0x81, size] : [tag, 0x82, size >> 8, size & 0xff];
  if (size > 0xffff) throw malformed('element over 64 KiB');
  return Buffer.concat([Buffer.from(head), ...parts]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...parts);
}

/** A context-specific tag; constructed wraps elements, primitive holds bytes. */
export function context(number: number, constructed: boolean, ...parts: readonly Uint8Array[]): Buffer {
  return element(0x80 | (constructed ? 0x20 : 0) | number, ...parts);
}

/** A non-negative integer from its big-endian bytes. */
export function unsigned(bytes: Uint8Array): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const kept = bytes.subarray(from);
  return (kept[0] ?? 0) & 0x80 ? element(tags.integer, Buffer.of(0), kept) : element(tags.integer, kept);
}

export function boolean(value: boolean): Buffer {
  return element(tags.boolean, Buffer.of(value ? 0xff : 0));
}

/** `unused`: how many of the last byte's low bits mean nothing. */
export function bits(bytes: Uint8Array, unused = 0): Buffer {
  return element(tags.bits, Buffer.of(unused), bytes);
}

export function octets(...parts: readonly Uint8Array[]): Buffer {
  return element(tags.octets, ...parts);
}

export function utf8(text: string): Buffer {
  return element(tags.utf8, Buffer.from(text, 'utf8'));
}

/** Dotted decimal; arcs of any size, since arcs under 2.25 are 128-bit numbers. */
export function oid(dotted: string): Buffer {
  const known = encoded.get(dotted);
  if (known !== undefined) return known;
  const arcs = dotted.split('.').map(BigInt);
  const [first = 0n, second = 0n, ...rest] = arcs;
  const bytes: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
    bytes.push(...groups);
  }
  const made = element(tags.oid, Buffer.from(bytes));
  // the identifiers come from a fixed list, so this stays small
  encoded.set(dotted, made);
  return made;
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5); whole seconds. */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  if (Number(text.slice(0, 4)) >= 2050) return element(tags.generalizedTime, Buffer.from(text, 'latin1'));
  return element(tags.utcTime, Buffer.from(text.slice(2), 'latin1'));
}

/** Reads exactly one element that fills the buffer. */
export function readOne(bytes: Buffer): Der {
  const [only, ...more] = readAll(bytes, 2);
  if (only === undefined || more.length > 0) throw malformed('expected exactly one element');
  return only;
}

/** Reads the elements that stand one after another; definite, minimal lengths only. */
export function readAll(bytes: Buffer, limit = 1_024): Der[] {
  const found: Der[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (found.length >= limit) throw malformed('too many elements');
    const tag = bytes[at] ?? 0;
    if ((tag & 0x1f) === 0x1f) throw malformed('long tag');
    const first = bytes[at + 1];
    if (first === undefined) throw malformed('truncated');
    let size = first;
    let start = at + 2;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 3 || start + count > bytes.length) throw malformed('length');
      size = bytes.readUIntBE(start, count);
      start += count;
      if (size < 0x80 || (count > 1 && size < 2 ** (8 * (count - 1)))) throw malformed('length is not minimal');
    }
    if (start + size > bytes.length) throw malformed('truncated');
    found.push({ tag, body: bytes.subarray(start, start + size), raw: bytes.subarray(at, start + size) });
    at = start + size;
  }
  return found;
}

/** Checks the tag and hands the element back. */
export function expectTag(der: Der | undefined, tag: number): Der {
  if (der === undefined) throw malformed('element missing');
  if (der.tag !== tag) throw malformed(`tag ${der.tag} where ${tag} was expected`);
  return der;
}

export function oidText(der: Der): string {
  const { body } = expectTag(der, tags.oid);
  const arcs: bigint[] = [];
  let arc = 0n;
  let open = false;
  if (body.length === 0 || body.length > 64) throw malformed('object identifier');
  for (const byte of body) {
    if (!open && byte === 0x80) throw malformed('object identifier');
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    open = (byte & 0x80) !== 0;
    if (!open) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  if (open) throw malformed('object identifier');
  const [head = 0n, ...rest] = arcs;
  const first = head < 40n ? 0n : head < 80n ? 1n : 2n;
  return [first, head - first * 40n, ...rest].join('.');
}

/** Milliseconds since the epoch. */
export function timeValue(der: Der | undefined): number {
  if (der === undefined || (der.tag !== tags.utcTime && der.tag !== tags.generalizedTime)) throw malformed('time');
  const text = der.body.toString('latin1');
  const long = der.tag === tags.generalizedTime ? text : `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}`;
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(long);
  if (match === null) throw malformed('time');
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const value = Date.parse(iso);
  // Date.parse mends some impossible dates (30 February): what does not come back the same was no date
  if (Number.isNaN(value) || new Date(value).toISOString() !== iso) throw malformed('time');
  return value;
}

export function booleanValue(der: Der): boolean {
  const value = expectTag(der, tags.boolean).body;
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw malformed('boolean');
  return value[0] === 0xff;
}

export function utf8Value(der: Der | undefined): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(expectTag(der, tags.utf8).body);
  } catch (cause) {
    throw malformed('UTF-8', cause);
  }
}

export function malformed(what: string, cause?: unknown): IdentityError {
  return new IdentityError('certificate-malformed', `not a certificate we read: ${what}`, { cause });
}
