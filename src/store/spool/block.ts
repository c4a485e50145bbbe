/**
 * One block of the spool: observations as JSON lines, gzip level 1, then AES-256-GCM (NIST SP 800-38D). The header is
 * authenticated, and carries the SHA-256 of the whole block before it: blocks can neither be changed, nor moved, nor
 * taken out of the middle unseen. Pure functions over bytes.
 *
 * Layout: magic 4, length of the ciphertext u32, sequence u64, lines u32, first and last time f64, nonce 12, previous
 * hash 32 (together 80 bytes), ciphertext, tag 16. Numbers are big endian.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Observation } from '../../model/index.js';

export const HEADER_BYTES = 80;
export const TAG_BYTES = 16;
/** Nothing longer is written, nor believed when read. */
export const MAX_CIPHERTEXT = 40 << 20;
const MAX_PLAINTEXT = 64 << 20;
const MAGIC = 0x54535031; // "TSP1"

export interface BlockHeader {
  readonly length: number;
  /** 1, 2, 3 and so on over all segments. */
  readonly sequence: number;
  readonly lines: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly nonce: Buffer;
  /** Hex SHA-256 of the block before; zeros for the first of all. */
  readonly previous: string;
}

export interface SealedBlock {
  readonly bytes: Buffer;
  /** Hex SHA-256 over `bytes`. */
  readonly hash: string;
}

export const NO_HASH = '0'.repeat(64);

export function sealBlock(
  lines: readonly string[],
  times: { readonly firstAt: number; readonly lastAt: number },
  link: { readonly sequence: number; readonly previous: string },
  key: Buffer,
  nonce: Buffer,
): SealedBlock {
  const plain = gzipSync(`${lines.join('\n')}\n`, { level: 1 });
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(plain.length, 4);
  header.writeBigUInt64BE(BigInt(link.sequence), 8);
  header.writeUInt32BE(lines.length, 16);
  header.writeDoubleBE(times.firstAt, 20);
  header.writeDoubleBE(times.lastAt, 28);
  nonce.copy(header, 36, 0, 12);
  header.write(link.previous, 48, 'hex');
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header);
  const bytes = Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { bytes, hash: hashOf(bytes) };
}

/** Undefined for anything that is no header of ours. */
export function readHeader(bytes: Buffer): BlockHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const length = bytes.readUInt32BE(4);
  const sequence = bytes.readBigUInt64BE(8);
  if (length === 0 || length > MAX_CIPHERTEXT || sequence === 0n || sequence > 2n ** 52n) return undefined;
  return {
    length,
    sequence: Number(sequence),
    lines: bytes.readUInt32BE(16),
    firstAt: bytes.readDoubleBE(20),
    lastAt: bytes.readDoubleBE(28),
    nonce: bytes.subarray(36, 48),
    previous: bytes.subarray(48, 80).toString('hex'),
  };
}

/** The observations in a whole block, or undefined when key or content do not fit: then nothing of it is believed. */
export function openBlock(bytes: Buffer, header: BlockHeader, key: Buffer): Observation[] | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, header.nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(bytes.subarray(0, HEADER_BYTES));
    decipher.setAuthTag(bytes.subarray(HEADER_BYTES + header.length, HEADER_BYTES + header.length + TAG_BYTES));
    const plain = Buffer.concat([
      decipher.update(bytes.subarray(HEADER_BYTES, HEADER_BYTES + header.length)),
      decipher.final(),
    ]);
    const text = gunzipSync(plain, { maxOutputLength: MAX_PLAINTEXT }).toString('utf8');
    const lines = text.split('\n').slice(0, -1);
    if (lines.length !== header.lines) return undefined;
    return lines.map((line) => Observation.parse(JSON.parse(line)));
  } catch {
    return undefined;
  }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
