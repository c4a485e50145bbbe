/** Finds where a spool ended, and cuts off what a crash left half-written. */
import { stat, truncate, unlink } from 'node:fs/promises';
import { StoreError } from '../store-error.js';
import { NO_HASH } from './block.js';
import { shippingCursor } from './cursor.js';
import type { LedgerContent } from './ledger.js';
import { listSegments, readBlocks } from './segment.js';

export interface Tail {
  readonly sequence: number;
  readonly hash: string;
  /** Bytes cut off. */
  readonly cut: number;
  /** What the first block that is there follows. */
  readonly before: number;
  readonly beforeHash: string;
}

export async function findTail(directory: string, ledger: LedgerContent): Promise<Tail> {
  const segments = await listSegments(directory);
  const before = await firstLink(segments[0]?.path, ledger);
  let cut = 0;
  for (const segment of segments.reverse()) {
    let last: { sequence: number; hash: string; end: number } | undefined;
    for await (const found of readBlocks(segment.path)) {
      if (found.kind === 'block') {
        last = { sequence: found.header.sequence, hash: found.hash, end: found.end };
      } else if (found.kind === 'torn') {
        const end = last?.end ?? 0;
        cut += (await stat(segment.path)).size - end;
        await truncate(segment.path, end);
      } else if (last === undefined) {
        // A crash of the machine can leave zeros; a changed file too. It is kept for the reader to report.
        throw new StoreError('spool-io', `\`${segment.path}\` is no spool segment`, {
          hint: 'move the file away; `tricordon spool cat` then reports the gap',
        });
      }
    }
    if (last !== undefined) return { sequence: last.sequence, hash: last.hash, cut, ...before };
    await unlink(segment.path); // empty now: its first block never was acknowledged
  }
  // Nothing is there. Numbers that were used before are not used again: the control plane has them already.
  const used = Math.max(ledger.droppedTo, ledger.written, (await shippingCursor(directory).read()) - 1);
  return { sequence: used, hash: used === ledger.droppedTo ? ledger.droppedHash : NO_HASH, cut, ...before };
}

async function firstLink(
  path: string | undefined,
  ledger: LedgerContent,
): Promise<{ before: number; beforeHash: string }> {
  if (path !== undefined) {
    for await (const found of readBlocks(path)) {
      if (found.kind === 'block') return { before: found.header.sequence - 1, beforeHash: found.header.previous };
      break;
    }
  }
  return { before: ledger.droppedTo, beforeHash: ledger.droppedHash };
}
