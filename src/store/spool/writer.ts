/** Writes the spool: groups what comes within some milliseconds into blocks, one fsync for all of them. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { type Clock, codeOf, type Logger, messageOf } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import { holdLock, type ProcessLock } from '../process-lock.js';
import { StoreError } from '../store-error.js';
import { sealBlock } from './block.js';
import { shippingCursor } from './cursor.js';
import { emptyLedger, type LedgerContent, readLedger, writeLedger } from './ledger.js';
import { type HeldPins, holdExactly, oldestBlock, type SpoolPin } from './pins.js';
import { dropSegments, segmentSpans } from './retention.js';
import { advance, checkKeys, everyKey, needed, type SpoolKeys } from './ring.js';
import { listSegments, segmentName } from './segment.js';
import { syncDirectory } from './small-file.js';
import { findTail } from './tail.js';

export interface SpoolOptions {
  readonly directory: string;
  /** Of 32 bytes each. */
  readonly keys: SpoolKeys;
  /** Keeps the keys, whole or not at all: called before the first of them is used, and when one is no longer needed. */
  readonly keepKeys: (keys: SpoolKeys) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Upper bound for all segments together; at it, appending fails with `spool-full` unless something may be dropped. */
  readonly maxBytes: number;
  /** Age in milliseconds after which shipped segments go. */
  readonly maxAgeMs: number;
  /** Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Default one hour. */
  readonly segmentMs?: number;
  /** How long appends are collected for one fsync; default 50 ms. */
  readonly commitMs?: number;
  /** False where nothing is ever shipped: then every closed segment may be dropped. Default true. */
  readonly shipped?: boolean;
}

export interface SpoolStats {
  /** Sequence of the last durable block; 0 when there is none. */
  readonly sequence: number;
  readonly bytes: number;
  readonly segments: number;
  /** Observations that never reached the disk. */
  readonly lost: number;
  /** Observations that retention dropped after they were shipped. */
  readonly dropped: number;
  readonly full: boolean;
}

export interface SpoolWriter {
  /**
   * Resolves when all of them are on disk. @throws StoreError `spool-full` (counted as lost; later appends try again),
   * `spool-io`, `spool-closed`.
   */
  append(observations: readonly Observation[]): Promise<void>;
  /**
   * Keeps every segment that overlaps a pin's span, beyond retention: exactly of these pins, whatever was held before.
   * `maxBytes` is for what only pins still hold.
   */
  hold(pins: readonly SpoolPin[], maxBytes: number): Promise<HeldPins>;
  /** Drops what age and size demand and shipping and pins allow; also done at each rotation. */
  retain(): Promise<void>;
  /** While the disk is short of room: both limits count half for what was shipped; nothing is refused for it. */
  squeeze(on: boolean): Promise<void>;
  /**
   * Everything from here on is sealed by this key. What was written before is read with the older ones, of which each goes
   * with the last block that needs it. @throws whatever `keepKeys` does: then nothing has changed
   */
  rotate(key: Buffer): Promise<void>;
  readonly keys: () => SpoolKeys;
  stats(): SpoolStats;
  close(): Promise<void>;
}

const LINES = 1_000;
const BLOCK_TEXT = 4 << 20;
const ROW_TEXT = 8 << 20;

interface Waiting {
  readonly lines: { readonly text: string; readonly at: number }[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Opens or makes the spool; a block that was cut short by a crash is cut off. @throws StoreError `locked`, `spool-key`, `spool-io`. */
export async function openSpool(options: SpoolOptions): Promise<SpoolWriter> {
  checkKeys(options.keys);
  const { directory, clock, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock: ProcessLock = await holdLock(`${directory}/writer.lock`, clock);
  try {
    return await start();
  } catch (error) {
    await lock.release();
    throw error;
  }

  async function start(): Promise<SpoolWriter> {
    let { keys } = options;
    const { state, ...kept } = await readLedger(directory, everyKey(keys));
    let ledger: LedgerContent = kept;
    if (state === 'forged') log.error('the spool ledger was changed or belongs to another key: started anew');
    const tail = await findTail(directory, ledger);
    if (tail.cut > 0) log.warn({ bytes: tail.cut }, 'cut off an incomplete block at the end of the spool');
    let { sequence, hash } = tail;
    let active: { file: FileHandle; size: number; openedAt: number } | undefined;
    let bytes = await totalBytes(directory);
    let segments = (await listSegments(directory)).length;
    let waiting: Waiting[] = [];
    let timer: NodeJS.Timeout | undefined;
    let queue: Promise<void> = Promise.resolve();
    let closed = false;
    let full = false;
    let squeezed = false;
    const spans = segmentSpans();
    if (state === 'forged') await save({ ...emptyLedger, droppedTo: tail.before, droppedHash: tail.beforeHash });

    /** One thing at a time on the files. */
    function serially<T>(work: () => Promise<T>): Promise<T> {
      const next = queue.then(work);
      queue = next.then(
        () => {},
        () => {},
      );
      return next;
    }

    async function save(next: LedgerContent): Promise<boolean> {
      ledger = next;
      try {
        await writeLedger(directory, keys.current, next);
        return true;
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'spool ledger not written');
        return false;
      }
    }

    async function flush(): Promise<void> {
      timer = undefined;
      const batch = waiting;
      waiting = [];
      if (batch.length === 0) return;
      const lines = batch.flatMap((entry) => entry.lines);
      try {
        await write(lines);
        if (full) await save(ledger); // what was lost meanwhile
        full = false;
        for (const entry of batch) entry.resolve();
      } catch (error) {
        const failure = asSpoolError(error);
        full = failure.code === 'spool-full';
        ledger = { ...ledger, lost: ledger.lost + lines.length };
        for (const entry of batch) entry.reject(failure);
      }
    }

    async function write(lines: readonly { text: string; at: number }[]): Promise<void> {
      const sealed: Buffer[] = [];
      let next = { sequence, hash };
      for (const part of chunks(lines)) {
        const times = {
          firstAt: Math.min(...part.map((line) => line.at)),
          lastAt: Math.max(...part.map((line) => line.at)),
        };
        const link = { sequence: next.sequence + 1, previous: next.hash };
        const block = sealBlock(
          part.map((line) => line.text),
          times,
          link,
          keys.current,
          randomBytes(12),
        );
        sealed.push(block.bytes);
        next = { sequence: link.sequence, hash: block.hash };
      }
      const data = Buffer.concat(sealed);
      if (data.length === 0) return;
      if (bytes + data.length > options.maxBytes) await drop(data.length);
      if (bytes + data.length > options.maxBytes)
        throw new StoreError('spool-full', 'the spool has reached its size', fullHint);
      const segment = await segmentFor();
      try {
        let written = 0;
        while (written < data.length) {
          const done = await segment.file.write(data, written, data.length - written, segment.size + written);
          written += done.bytesWritten;
        }
        await segment.file.datasync();
      } catch (error) {
        // Nothing of it was acknowledged: the file goes back to its last whole block, the chain with it.
        await segment.file.truncate(segment.size).catch(() => abandon());
        throw error;
      }
      segment.size += data.length;
      bytes += data.length;
      ({ sequence, hash } = next);
    }

    /** A file that cannot even be shortened is left; the next start cuts it. */
    async function abandon(): Promise<void> {
      await active?.file.close().catch(() => {});
      active = undefined;
      closed = true;
    }

    async function segmentFor() {
      const now = clock.now();
      if (active !== undefined) {
        const old = now - active.openedAt > (options.segmentMs ?? 3_600_000) || now < active.openedAt - 60_000;
        if (active.size < (options.segmentBytes ?? 16 << 20) && !old) return active;
        await active.file.close();
        active = undefined;
        await drop(0);
      }
      // A leftover of this name can only be an empty file of a start that failed.
      const file = await open(`${directory}/${segmentName(sequence + 1)}`, 'w', 0o600);
      await syncDirectory(directory).catch(async (error: unknown) => {
        await file.close();
        throw error;
      });
      active = { file, size: 0, openedAt: now };
      segments += 1;
      await save({ ...ledger, written: sequence });
      return active;
    }

    async function drop(room: number): Promise<void> {
      const share = squeezed ? 0.5 : 1;
      const done = await dropSegments(directory, ledger, {
        maxBytes: options.maxBytes * share - room,
        olderThan: clock.now() - options.maxAgeMs * share,
        // The active segment is never dropped: it is the last one.
        shippedBefore: options.shipped === false ? Number.POSITIVE_INFINITY : await shippingCursor(directory).read(),
      });
      if (done.removed === 0) return;
      // First on record, then gone: a crash in between leaves a segment too many, never an unexplained gap.
      const recorded = await save(done.ledger);
      await done.apply();
      if (!recorded) await save(done.ledger); // the disk was full: now there is room
      bytes -= done.bytes;
      segments -= done.removed;
    }

    /** Pins hold segments that the rotation let go of. */
    async function forgetKeys(): Promise<void> {
      if (keys.older.length === 0) return;
      const left = needed(keys, await oldestBlock(directory));
      if (left.older.length === keys.older.length) return;
      try {
        await options.keepKeys(left);
        keys = left;
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'a spool key that nothing needs any more could not be removed');
      }
    }

    async function rotate(next: Buffer): Promise<void> {
      if (next.length !== 32) throw new StoreError('spool-key', 'a spool key has 32 bytes');
      await flush();
      await active?.file.close();
      active = undefined;
      const changed = advance(keys, next, sequence);
      await options.keepKeys(changed);
      keys = changed;
      await save(ledger);
      await forgetKeys();
    }

    return {
      append: (observations) => {
        if (closed) return Promise.reject(new StoreError('spool-closed', 'the spool is closed'));
        if (observations.length === 0) return Promise.resolve();
        const lines = observations.map((observation) => ({ text: JSON.stringify(observation), at: observation.at }));
        const whole = lines.filter((line) => line.text.length <= ROW_TEXT);
        ledger = { ...ledger, lost: ledger.lost + lines.length - whole.length };
        return new Promise<void>((resolve, reject) => {
          waiting.push({ lines: whole, resolve, reject });
          timer ??= setTimeout(() => void serially(flush), options.commitMs ?? 50);
        });
      },
      hold: (pins, maxBytes) =>
        serially(async () => {
          const held = await holdExactly(directory, pins, maxBytes, spans);
          await forgetKeys();
          return held;
        }),
      retain: () =>
        serially(async () => {
          await drop(0);
          await forgetKeys();
        }),
      rotate: (next) =>
        closed ? Promise.reject(new StoreError('spool-closed', 'the spool is closed')) : serially(() => rotate(next)),
      keys: () => keys,
      squeeze: (on) => {
        squeezed = on;
        return on ? serially(() => drop(0)) : Promise.resolve();
      },
      stats: () => ({ sequence, bytes, segments, lost: ledger.lost, dropped: ledger.droppedObservations, full }),
      close: async () => {
        // At once: what came after the last flush would open a segment that nobody closes.
        closed = true;
        if (timer !== undefined) clearTimeout(timer);
        await serially(flush);
        await serially(async () => {
          await save(ledger);
          await active?.file.close();
          active = undefined;
        });
        await lock.release();
      },
    };
  }
}

const fullHint = { hint: 'raise spool.maxMegabytes, free disk space, or let the control plane take what is waiting' };

function asSpoolError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '')) {
    return new StoreError('spool-full', 'no space left for the spool', { cause: error, ...fullHint });
  }
  return new StoreError('spool-io', 'the spool could not be written', { cause: error, hint: 'check the disk' });
}

function* chunks(lines: readonly { text: string; at: number }[]): Generator<{ text: string; at: number }[]> {
  let part: { text: string; at: number }[] = [];
  let size = 0;
  for (const line of lines) {
    if (part.length > 0 && (part.length >= LINES || size + line.text.length > BLOCK_TEXT)) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(line);
    size += line.text.length;
  }
  if (part.length > 0) yield part;
}

async function totalBytes(directory: string): Promise<number> {
  let sum = 0;
  for (const segment of await listSegments(directory)) sum += (await stat(segment.path)).size;
  return sum;
}
