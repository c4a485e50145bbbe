/** DNS messages (RFC 1035, section 4), as far as a resolver needs them that asks another one: one question, addresses. */

export const responseCodes = { good: 0, malformed: 1, failed: 2, unknown: 3, refused: 5 } as const;
export type ResponseCode = keyof typeof responseCodes;

export interface DnsQuestion {
  /** Lower case, without the last dot. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'other';
  /** Header and question as they came. */
  readonly asked: Buffer;
}

const headerLength = 12;
const types: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };
const internet = 1;

/** undefined: no query of one question about a name that a host may have. */
export function parseQuestion(message: Buffer): DnsQuestion | undefined {
  if (message.length < headerLength + 5) return undefined;
  const flags = message.readUInt16BE(2);
  // A query (QR), of the standard kind (opcode), with one question.
  if ((flags & 0xf800) !== 0 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headerLength;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    if (at + length > message.length || at - headerLength + length > 255) return undefined;
    labels.push(message.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > message.length || message.readUInt16BE(at + 2) !== internet) return undefined;
  if (labels.length === 0 || !labels.every((label) => /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)))
    return undefined;
  const type = types[message.readUInt16BE(at)] ?? 'other';
  return { name: labels.join('.'), type, asked: message.subarray(0, at + 4) };
}

/** @param addresses IPv4 @param ttl seconds */
export function answerTo(
  { asked }: DnsQuestion,
  code: ResponseCode,
  addresses: readonly string[],
  ttl: number,
): Buffer {
  const head = Buffer.from(asked);
  // A response (QR), recursion asked for as it was (RD), and to be had (RA).
  head.writeUInt16BE(0x8080 | (asked.readUInt16BE(2) & 0x0100) | responseCodes[code], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // The name is that of the question: a pointer to it.
    record.writeUInt16BE(0xc000 | headerLength, 0);
    record.writeUInt16BE(1, 2);
    record.writeUInt16BE(internet, 4);
    record.writeUInt32BE(ttl, 6);
    record.writeUInt16BE(4, 10);
    for (const [index, part] of address.split('.').entries()) record.writeUInt8(Number(part), 12 + index);
    return record;
  });
  return Buffer.concat([head, ...records]);
}

/** What is no question of ours, told so under its own number; undefined when it has none. */
export function answerToMalformed(message: Buffer): Buffer | undefined {
  if (message.length < headerLength || (message.readUInt16BE(2) & 0x8000) !== 0) return undefined;
  const head = Buffer.alloc(headerLength);
  head.writeUInt16BE(message.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8080 | responseCodes.malformed, 2);
  return head;
}
