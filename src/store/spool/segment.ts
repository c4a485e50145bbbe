/** A segment: one file of blocks, named by the sequence of its first. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { codeOf } from '../../base/index.js';
import { type BlockHeader, HEADER_BYTES, hashOf, readHeader, TAG_BYTES } from './block.js';

export interface Segment {
  readonly name: string;
  readonly path: string;
  /** Sequence of the first block. */
  readonly first: number;
}

export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.spool`;

/** All segments of a directory in order; a missing directory has none. */
export async function listSegments(directory: string): Promise<Segment[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => /^\d{16}\.spool$/.test(name))
    .sort()
    .map((name) => ({ name, path: `${directory}/${name}`, first: Number.parseInt(name, 10) }));
}

export type Found =
  | {
      readonly kind: 'block';
      readonly header: BlockHeader;
      readonly bytes: Buffer;
      readonly hash: string;
      readonly end: number;
    }
  /** The file ends inside a block: a write that was cut short, or is under way. */
  | { readonly kind: 'torn'; readonly offset: number }
  /** No header where one must be: nothing behind it can be found any more. */
  | { readonly kind: 'unreadable'; readonly offset: number };

/** Block by block; at most one block is in memory. Does not decrypt. */
export async function* readBlocks(path: string): AsyncGenerator<Found> {
  const file = await open(path, 'r');
  try {
    for (let offset = 0; ; ) {
      const head = await readFully(file, offset, HEADER_BYTES);
      if (head.length === 0) return;
      if (head.length < HEADER_BYTES) return yield { kind: 'torn', offset };
      const header = readHeader(head);
      if (header === undefined) return yield { kind: 'unreadable', offset };
      const rest = await readFully(file, offset + HEADER_BYTES, header.length + TAG_BYTES);
      if (rest.length < header.length + TAG_BYTES) return yield { kind: 'torn', offset };
      const bytes = Buffer.concat([head, rest]);
      offset += bytes.length;
      yield { kind: 'block', header, bytes, hash: hashOf(bytes), end: offset };
    }
  } finally {
    await file.close();
  }
}

async function readFully(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
