/** Keeps every store of the control plane within its limits: looked at twice a minute, and after every so many bytes. */
import { type Clock, type Logger, messageOf } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import { kindOrder, type Kind, type Store } from '../../store/index.js';
import type { ServerConfig } from '../config.js';

const everyMs = 30_000;
const hourMs = 3_600_000;
/** Of the smallest quota: when so much came in, nobody waits for the half minute. */
const burstShare = 1 / 16;

export interface Retention {
  /** Counts what was stored. Ends when a burst that needs it was dealt with: whoever sends too much waits. */
  taken(batch: readonly Observation[]): Promise<void>;
  /** Looks now; one at a time, whoever asks meanwhile waits for the one under way. */
  check(): Promise<void>;
  /** Kinds of which open incidents alone hold more than the quota. */
  pinnedOver(): readonly Kind[];
  /** Returns what ends it. */
  start(): () => void;
}

export function createRetention(parts: {
  readonly store: Store;
  readonly config: Pick<ServerConfig, 'retention'>;
  readonly clock: Clock;
  readonly log: Logger;
}): Retention {
  const { store, config, clock, log } = parts;
  const over = new Set<Kind>();
  const burst = Math.min(...kindOrder.map((kind) => config.retention[kind].bytes)) * burstShare;
  let bytes = 0;
  let swept = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  const check = (): Promise<void> => {
    running ??= look()
      .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'limits are looked at again later'))
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  async function look(): Promise<void> {
    bytes = 0;
    const isSweep = Math.abs(clock.now() - swept) >= hourMs;
    for (const kind of kindOrder) {
      const limit = config.retention[kind];
      if (isSweep) await store.retention.sweepStrays(kind, limit.days);
      const { rows, bytes: freed, pinnedOver } = await store.retention.keep(kind, limit);
      if (rows > 0) log.info({ store: kind, rows, bytes: freed }, 'let go of what was over its limits');
      if (pinnedOver && !over.has(kind))
        log.error(
          { store: kind, quota: limit.bytes },
          'what open incidents hold is more than the quota: close some, or raise it',
        );
      if (pinnedOver) over.add(kind);
      else over.delete(kind);
    }
    if (isSweep) swept = clock.now();
  }

  return {
    taken: async (batch) => {
      for (const row of batch) bytes += sizeOf(row);
      if (bytes >= burst) await check();
    },
    check,
    pinnedOver: () => [...over],
    start: () => {
      void check();
      const timer = setInterval(() => void check(), everyMs);
      timer.unref();
      return () => {
        clearInterval(timer);
        return running;
      };
    },
  };
}

/** As measured: a row takes about this much beside its text, with all indexes. */
const rowOverhead = 700;

function sizeOf(row: Observation): number {
  return JSON.stringify(row).length + rowOverhead;
}
