/** The protobuf wire format (proto3) for the few messages of the Workload API: length-delimited fields only. */

/** A field of wire type 2. Empty values are left out, as proto3 does. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return bytes.length === 0 ? Buffer.alloc(0) : message(number, bytes);
}

/** An embedded message; present even when empty. */
export function message(number: number, body: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(body.length), body]);
}

/** One entry of a `map<string, bytes>`. */
export function entry(number: number, key: string, value: Uint8Array): Buffer {
  return message(number, Buffer.concat([field(1, key), field(2, value)]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}
