/**
 * What is in a spool, without its key: which blocks, of when, how far they were shipped. It goes into backups, so that after
 * a lost disk one can say what was on it alone. The hashes let a spool that is found later be recognised.
 */
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf, openPlainFile } from '../../base/index.js';
import { type BlockHeader, HEADER_BYTES, hashOf, readHeader, TAG_BYTES } from './block.js';
import { shippingCursor } from './cursor.js';
import { listSegments } from './segment.js';

const Count = z.int().min(0);
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const SegmentEntry = z.strictObject({
  /** Sequences of its first and last block. */
  first: Count,
  last: Count,
  observations: Count,
  bytes: Count,
  /** Of the observations in it, ms since 1970. */
  firstAt: z.number(),
  lastAt: z.number(),
  /** SHA-256 of the block before its first, and of its last. */
  previous: Hash,
  hash: Hash,
});

export const SpoolInventory = z.strictObject({
  schemaVersion: z.literal(1),
  at: z.number(),
  segments: z.array(SegmentEntry).max(100_000),
  /** Blocks that the control plane had not acknowledged; null: none. */
  unshipped: z
    .strictObject({ first: Count, last: Count, observations: Count, firstAt: z.number(), lastAt: z.number() })
    .nullable(),
});
export type SpoolInventory = z.infer<typeof SpoolInventory>;

/** A block that is being written, or was cut short, is not in it. A missing spool has no segments. */
export async function spoolInventory(directory: string, at: number): Promise<SpoolInventory> {
  // Before the blocks: what is shipped meanwhile counts as not shipped, never the other way round.
  const next = await shippingCursor(directory).read();
  const segments: z.infer<typeof SegmentEntry>[] = [];
  const left: BlockHeader[] = [];
  for (const { path } of await listSegments(directory)) {
    const found = await headersOf(path);
    const first = found?.headers[0];
    const last = found?.headers.at(-1);
    if (found === undefined || first === undefined || last === undefined) continue;
    left.push(...found.headers.filter(({ sequence }) => sequence >= next));
    segments.push({ first: first.sequence, last: last.sequence, ...sumOf(found.headers), ...found.facts });
  }
  const [first, last] = [left[0], left.at(-1)];
  const unshipped =
    first === undefined || last === undefined ? null : { first: first.sequence, last: last.sequence, ...sumOf(left) };
  return { schemaVersion: 1, at, segments, unshipped };
}

/** Whether it can be one of a spool: its segments follow one another, and what is not shipped is in them. */
export function holdsTogether({ segments, unshipped }: SpoolInventory): boolean {
  const linked = segments.every((segment, index) => {
    const before = segments[index - 1];
    const follows = before === undefined || (before.last + 1 === segment.first && before.hash === segment.previous);
    return follows && segment.first <= segment.last;
  });
  const [oldest, newest] = [segments[0], segments.at(-1)];
  const inside =
    unshipped === null ||
    (oldest !== undefined &&
      newest !== undefined &&
      oldest.first <= unshipped.first &&
      unshipped.first <= unshipped.last &&
      unshipped.last === newest.last);
  return linked && inside;
}

function sumOf(headers: readonly BlockHeader[]) {
  return {
    observations: headers.reduce((sum, { lines }) => sum + lines, 0),
    firstAt: Math.min(...headers.map(({ firstAt }) => firstAt)),
    lastAt: Math.max(...headers.map(({ lastAt }) => lastAt)),
  };
}

/** undefined: retention dropped it meanwhile, or something else has its name by now. */
async function headersOf(path: string) {
  const opened = await openPlainFile(path).catch((error: unknown) => {
    if (['ENOENT', 'ELOOP', 'ENOTREG'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  });
  if (opened === undefined) return undefined;
  const { file, facts } = opened;
  try {
    const headers: BlockHeader[] = [];
    let [offset, lastOffset] = [0, 0];
    for (;;) {
      const header = readHeader(await piece(file, offset, HEADER_BYTES));
      if (header === undefined || offset + HEADER_BYTES + header.length + TAG_BYTES > facts.size) break;
      headers.push(header);
      lastOffset = offset;
      offset += HEADER_BYTES + header.length + TAG_BYTES;
    }
    const hash = hashOf(await piece(file, lastOffset, offset - lastOffset));
    return { headers, facts: { bytes: offset, previous: headers[0]?.previous ?? '', hash } };
  } finally {
    await file.close();
  }
}

async function piece(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
