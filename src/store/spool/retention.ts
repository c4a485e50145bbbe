/**
 * Which segments may go: the oldest first, only shipped, never the last. Pinned ones are kept by a second
 * name (a hard link) in a folder of the pin, so one pin does not stop the rotation of all that came later.
 */
import { createHash } from 'node:crypto';
import { stat, unlink } from 'node:fs/promises';
import type { LedgerContent } from './ledger.js';
import { listSegments, readBlocks, type Segment } from './segment.js';

export interface RetentionLimits {
  readonly maxBytes: number;
  /** Milliseconds since the epoch: segments whose last observation is older go. */
  readonly olderThan: number;
  /** Blocks below this sequence were shipped. */
  readonly shippedBefore: number;
}

export interface Retained {
  readonly removed: number;
  readonly bytes: number;
  /** To be written before `apply`. */
  readonly ledger: LedgerContent;
  apply(): Promise<void>;
}

interface Facts {
  readonly last: number;
  readonly hash: string;
  readonly lines: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export async function dropSegments(
  directory: string,
  ledger: LedgerContent,
  limits: RetentionLimits,
): Promise<Retained> {
  const segments = await listSegments(directory);
  const sizes = new Map<string, number>();
  for (const segment of segments) sizes.set(segment.name, (await stat(segment.path)).size);
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const gone: Segment[] = [];
  let next = ledger;
  let bytes = 0;
  for (const [index, segment] of segments.entries()) {
    const following = segments[index + 1];
    // The chain is shortened from its beginning only, so the first segment that must stay ends it.
    if (following === undefined || following.first > limits.shippedBefore) break;
    const facts = await factsOf(segment);
    if (facts === undefined) break;
    if (total <= limits.maxBytes && facts.lastAt >= limits.olderThan) break;
    const size = sizes.get(segment.name) ?? 0;
    total -= size;
    bytes += size;
    gone.push(segment);
    next = {
      ...next,
      droppedTo: facts.last,
      droppedHash: facts.hash,
      droppedObservations: next.droppedObservations + facts.lines,
      droppedBytes: next.droppedBytes + size,
    };
  }
  const apply = async () => {
    for (const segment of gone) await unlink(segment.path);
  };
  return { removed: gone.length, bytes, ledger: next, apply };
}

/** The folder of a pin: a spool fragment that `readSpool` takes with `fragment: true`. */
export function pinDirectory(directory: string, id: string): string {
  return `${directory}/pins/${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

export type SegmentSpans = (
  directory: string,
) => Promise<{ readonly segment: Segment; readonly span: Pick<Facts, 'firstAt' | 'lastAt'> | undefined }[]>;

/** Reads each closed segment once: only the last one still grows. */
export function segmentSpans(): SegmentSpans {
  const known = new Map<string, Facts>();
  return async (directory) => {
    const segments = await listSegments(directory);
    const found = [];
    for (const [index, segment] of segments.entries()) {
      const span = known.get(segment.name) ?? (await factsOf(segment));
      if (span !== undefined && index < segments.length - 1) known.set(segment.name, span);
      found.push({ segment, span });
    }
    for (const name of known.keys()) if (!segments.some((segment) => segment.name === name)) known.delete(name);
    return found;
  };
}

async function factsOf(segment: Segment): Promise<Facts | undefined> {
  let facts: Facts | undefined;
  for await (const found of readBlocks(segment.path)) {
    if (found.kind !== 'block') return undefined;
    const { sequence, lines, firstAt, lastAt } = found.header;
    facts = {
      last: sequence,
      hash: found.hash,
      lines: (facts?.lines ?? 0) + lines,
      firstAt: Math.min(facts?.firstAt ?? Infinity, firstAt),
      lastAt: Math.max(facts?.lastAt ?? -Infinity, lastAt),
    };
  }
  return facts;
}
