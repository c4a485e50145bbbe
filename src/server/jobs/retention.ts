/**
 * Keeps every store of the control plane within its limits: looked at twice a minute, and after every so many bytes. What
 * goes first stands in docs/guide/operations.md.
 */
import { type Clock, type DiskWatch, type Logger, messageOf } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import { kindOrder, type Kind, type Store } from '../../store/index.js';
import type { ServerConfig } from '../config.js';
import { ServerError } from '../errors.js';
import { expireEvidence, sweepAbandoned } from '../evidence/expiry.js';

const everyMs = 30_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Of the smallest quota: when so much came in, nobody waits for the half minute. */
const burstShare = 1 / 16;
/** About 1 KB each; a busy rule makes no more of a day than people read in a year. */
const mostSignals = 200_000;
/** Whoever was away for more than these fetches everything anew. */
const mostChanges = 10_000;
const mostDeadLetters = 1_000;
/** Detection that is so far behind gets no more: what comes waits in the spools of the hosts. */
const defaultQueuedBytes = 256 << 20;

export interface Retention {
  /** @throws ServerError `unavailable` while detection is too far behind to be given more */
  admit(): void;
  /** Counts what was stored. Ends when a burst that needs it was dealt with: whoever sends too much waits. */
  taken(batch: readonly Observation[]): Promise<void>;
  /** Looks now; one at a time, whoever asks meanwhile waits for the one under way. */
  check(): Promise<void>;
  /** Kinds of which open incidents alone hold more than the quota. */
  pinnedOver(): readonly Kind[];
  /** Detection is too far behind to be given more. */
  isBehind(): boolean;
  /** Returns what ends it. */
  start(): () => unknown;
}

export interface RetentionParts {
  readonly store: Store;
  readonly config: Pick<ServerConfig, 'retention' | 'evidenceDir'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the data directory. */
  readonly disk?: DiskWatch;
  /** Whether the database lies on that disk too; one elsewhere has a disk that we do not see. */
  readonly ownDatabase?: boolean;
  readonly mostQueuedBytes?: number;
}

export function createRetention({
  store,
  config,
  clock,
  log,
  disk,
  ownDatabase = false,
  ...rest
}: RetentionParts): Retention {
  const mostQueuedBytes = rest.mostQueuedBytes ?? defaultQueuedBytes;
  const over = new Set<Kind>();
  const burst = Math.min(...kindOrder.map((kind) => config.retention[kind].bytes)) * burstShare;
  let bytes = 0;
  let isBehind = false;
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
    disk?.look();
    await watchQueue();
    for (const kind of kindOrder) await keep(kind);
    await makeRoom();
    if (Math.abs(clock.now() - swept) < hourMs) return;
    await sweep();
    swept = clock.now();
  }

  async function keep(kind: Kind): Promise<void> {
    const limit = config.retention[kind];
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

  /** On a disk that is nearly full every limit counts half, one store after the other, until there is room again. */
  async function makeRoom(): Promise<void> {
    if (disk === undefined || !ownDatabase || disk.level() === 'normal') return;
    const short = { enough: () => disk.look() === 'normal' };
    for (const kind of kindOrder) {
      const { days, bytes: quota } = config.retention[kind];
      const { rows, bytes: freed } = await store.retention.keep(kind, { days: days / 2, bytes: quota / 2 }, short);
      if (rows > 0) log.warn({ store: kind, rows, bytes: freed }, 'let go of rows to make room on the disk');
    }
  }

  async function watchQueue(): Promise<void> {
    const queued = await store.retention.queued();
    const before = isBehind;
    isBehind = queued.bytes > (before ? mostQueuedBytes / 2 : mostQueuedBytes);
    if (isBehind && !before) log.error(queued, 'detection is far behind: observations wait on their hosts');
    if (!isBehind && before) log.info(queued, 'detection has caught up');
  }

  /** What grows slowly. */
  async function sweep(): Promise<void> {
    for (const kind of kindOrder) await store.retention.sweepStrays(kind, config.retention[kind].days);
    const signals = await store.signals.sweep(clock.now() - config.retention.observations.days * dayMs, mostSignals);
    await store.retention.note(
      signals.map((gone) => ({ store: 'signals', reason: 'age or number', bytes: 0, ...gone })),
    );
    const dead = await store.retention.sweepDead(mostDeadLetters);
    if (dead > 0) {
      const now = clock.now();
      log.warn({ batches: dead }, 'let go of the oldest batches that could never be handled');
      await store.retention.note([
        { store: 'dead letters', reason: 'number', rows: dead, bytes: 0, since: now, until: now },
      ]);
    }
    await store.changes.sweep(mostChanges);
    const evidence = { store, clock, directory: config.evidenceDir, days: config.retention.evidence.days };
    const expired = await expireEvidence(evidence);
    if (expired.length > 0) log.info({ bundles: expired.length }, 'removed evidence beyond its days');
    const abandoned = await sweepAbandoned(evidence);
    if (abandoned > 0) log.info({ uploads: abandoned }, 'removed uploads of evidence that were never finished');
  }

  return {
    admit: () => {
      if (isBehind)
        throw new ServerError('unavailable', 'detection is behind: observations wait on their host', {
          hint: 'they are sent again by themselves',
        });
    },
    taken: async (batch) => {
      for (const row of batch) bytes += sizeOf(row);
      if (bytes >= burst) await check();
    },
    check,
    pinnedOver: () => [...over],
    isBehind: () => isBehind,
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
