/** Reads the spool in order, checks the chain, and says what is missing or was changed. Works beside a living writer. */
import type { Observation } from '../../model/index.js';
import { readLedger } from './ledger.js';
import { checkKeys, everyKey, openWith, type ReadableSpool } from './ring.js';
import { listSegments, readBlocks } from './segment.js';

export type SpoolItem =
  | {
      readonly kind: 'block';
      readonly sequence: number;
      readonly segment: string;
      readonly firstAt: number;
      readonly lastAt: number;
      readonly hash: string;
      readonly observations: readonly Observation[];
    }
  | {
      readonly kind: 'problem';
      /** `torn`: the last write is incomplete (also seen while one is under way). `gap`: blocks are gone. `tampered`: changed, moved, or another key. */
      readonly problem: 'torn' | 'gap' | 'tampered';
      readonly segment: string;
      readonly sequence: number;
      readonly detail: string;
    };

export interface SpoolFilter {
  /** Start at this block; the chain is checked from there on. */
  readonly from?: number;
  /** Only blocks that overlap this time span (milliseconds since the epoch). */
  readonly since?: number;
  readonly until?: number;
  /** The directory is a pin or a copy of some segments: where it starts and that it ends is no problem. */
  readonly fragment?: boolean;
}

/**
 * @example
 * for await (const item of readSpool({ directory, keys })) {
 *   if (item.kind === 'problem') report(item);
 *   else for (const observation of item.observations) use(observation);
 * }
 */
export async function* readSpool(spool: ReadableSpool, filter: SpoolFilter = {}): AsyncGenerator<SpoolItem> {
  checkKeys(spool.keys());
  const segments = await listSegments(spool.directory);
  const from = filter.from ?? 1;
  const ledger = await readLedger(spool.directory, everyKey(spool.keys()));
  // What retention dropped is no gap; what is missing beyond it is one.
  let expected: { sequence: number; previous: string } | undefined = {
    sequence: ledger.droppedTo + 1,
    previous: ledger.droppedHash,
  };
  if (filter.fragment === true) expected = undefined;
  else if (ledger.state === 'forged') {
    yield problem('tampered', 'ledger.json', 0, 'the record of what retention dropped was changed');
    expected = undefined;
  }
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next.first <= from) {
      expected = undefined; // skipped unread: the link into the next one cannot be checked
      continue;
    }
    try {
      for await (const found of readBlocks(segment.path)) {
        if (found.kind === 'torn') {
          const last = next === undefined;
          yield problem(
            last ? 'torn' : 'tampered',
            segment.name,
            expected?.sequence ?? 0,
            `ends inside a block at byte ${found.offset}`,
          );
          break;
        }
        if (found.kind === 'unreadable') {
          yield problem(
            'tampered',
            segment.name,
            expected?.sequence ?? 0,
            `no block at byte ${found.offset}; the rest of the segment is lost`,
          );
          break;
        }
        const { sequence, previous, firstAt, lastAt } = found.header;
        if (expected !== undefined) {
          if (sequence > expected.sequence) {
            yield problem(
              'gap',
              segment.name,
              expected.sequence,
              `blocks ${expected.sequence} to ${sequence - 1} are missing`,
            );
          } else if (sequence < expected.sequence || previous !== expected.previous) {
            yield problem('tampered', segment.name, sequence, 'does not follow the block before it');
          }
        }
        expected = { sequence: sequence + 1, previous: found.hash };
        const outside = sequence < from || lastAt < (filter.since ?? -Infinity) || firstAt > (filter.until ?? Infinity);
        if (outside) continue;
        const observations = openWith(spool.keys(), found.bytes, found.header);
        if (observations === undefined)
          yield problem('tampered', segment.name, sequence, 'content does not fit key and seal');
        else yield { kind: 'block', sequence, segment: segment.name, firstAt, lastAt, hash: found.hash, observations };
      }
    } catch (error) {
      if (!isGone(error)) throw error; // retention was faster than we
      expected = undefined;
    }
  }
  if (filter.fragment !== true && segments.length === 0 && ledger.written > ledger.droppedTo) {
    yield problem('gap', '-', ledger.droppedTo + 1, 'all segments are missing');
  }
}

function problem(kind: 'torn' | 'gap' | 'tampered', segment: string, sequence: number, detail: string): SpoolItem {
  return { kind: 'problem', problem: kind, segment, sequence, detail };
}

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
