/** The keys of a spool: the first seals what is written now, all of them open what was written before. Pure. */
import { StoreError } from '../store-error.js';
import { type BlockHeader, openBlock } from './block.js';

export interface OlderKey {
  readonly key: Buffer;
  /** Sequence of the last block that it sealed. */
  readonly until: number;
}

export interface SpoolKeys {
  readonly current: Buffer;
  /** Newest first. */
  readonly older: readonly OlderKey[];
}

/** A spool on disk, as readers see it: the keys may change while they read. */
export interface ReadableSpool {
  readonly directory: string;
  readonly keys: () => SpoolKeys;
}

/** @throws StoreError `spool-key` */
export function checkKeys(keys: SpoolKeys): void {
  for (const { length } of everyKey(keys))
    if (length !== 32) throw new StoreError('spool-key', 'a spool key has 32 bytes');
}

export function everyKey({ current, older }: SpoolKeys): readonly Buffer[] {
  return [current, ...older.map(({ key }) => key)];
}

/** With whichever fits; undefined: none does, and nothing of the block is believed. */
export function openWith(keys: SpoolKeys, bytes: Buffer, header: BlockHeader): ReturnType<typeof openBlock> {
  for (const key of likeliestFirst(keys, header.sequence)) {
    const observations = openBlock(bytes, header, key);
    if (observations !== undefined) return observations;
  }
  return undefined;
}

/** The next key from the block after `sequence` on. */
export function advance({ current, older }: SpoolKeys, next: Buffer, sequence: number): SpoolKeys {
  return { current: next, older: [{ key: current, until: sequence }, ...older] };
}

/** Without those that no block needs any more: `first` is the oldest that is still there, undefined when none is. */
export function needed({ current, older }: SpoolKeys, first: number | undefined): SpoolKeys {
  return { current, older: first === undefined ? [] : older.filter(({ until }) => until >= first) };
}

/** Where a change was cut off, `until` may be too small by a few: then another one fits. */
function likeliestFirst({ current, older }: SpoolKeys, sequence: number): readonly Buffer[] {
  const own = older.findLast(({ until }) => sequence <= until);
  const all = [current, ...older.map(({ key }) => key)];
  return own === undefined ? all : [own.key, ...all.filter((key) => key !== own.key)];
}
