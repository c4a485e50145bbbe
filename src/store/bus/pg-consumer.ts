/** One consumer's own connection: it listens, claims batches, and is the mark by which others see that it is gone. */
import type pg from 'pg';
import { type Logger, messageOf } from '../../base/index.js';
import { type BusLimits, pauseAfter } from './bus.js';

export interface Claimed {
  readonly id: number;
  readonly body: unknown;
  readonly attempts: number;
}

export interface Connector {
  readonly connect: () => Promise<pg.Client>;
  readonly log: Logger;
}

/**
 * A claim is a row's `holder`: process id and start of the consumer's server session. When the consumer dies, its session
 * ends with it, and the claim is void at once: no lease to wait for, and the count of attempts stays (a batch that kills
 * its consumer is set aside like one that makes it throw).
 */
const claimText = `
update bus_messages set attempts = attempts + 1, holder = (
  select pid || '@' || extract(epoch from backend_start) from pg_stat_activity where pid = pg_backend_pid())
where id in (
  select id from bus_messages m where topic = $1 and "group" = $2 and not dead and due <= now()
  and (holder is null or not exists (
    select 1 from pg_stat_activity a where m.holder = a.pid || '@' || extract(epoch from a.backend_start)))
  order by id limit $3 for update skip locked)
returning id, body, attempts`;

export function openConsumer(
  connector: Connector,
  group: string,
  topic: string,
  limits: BusLimits,
  signal: AbortSignal,
) {
  let client: pg.Client | undefined;
  let woken = false;
  let rouse: (() => void) | undefined;
  let line: Promise<unknown> = Promise.resolve();
  const wake = () => {
    woken = true;
    rouse?.();
  };
  signal.addEventListener('abort', wake);

  async function session(): Promise<pg.Client> {
    if (client !== undefined) return client;
    const fresh = await connector.connect();
    const lose = () => {
      if (client === fresh) client = undefined;
      wake();
    };
    fresh.on('error', lose);
    fresh.on('end', lose);
    fresh.on('notification', (message) => {
      if (message.payload === topic) wake();
    });
    try {
      await fresh.query('listen tricordon_bus');
    } catch (error) {
      await fresh.end().catch(() => {});
      throw error;
    }
    client = fresh;
    return fresh;
  }

  /** The driver wants one query at a time on a connection. */
  function ask<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    const next = line.then(async () => (await (await session()).query<Row>(text, values)).rows);
    line = next.catch(() => {});
    return next;
  }

  /** The database may be restarting: goes on until it is done, or until the consumer is told to end. */
  async function persist<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        connector.log.warn({ topic, group, reason: messageOf(error) }, 'the bus does not answer, trying again');
        if (signal.aborted) return undefined; // not acknowledged: it comes again
        await sleep(Math.min(50 * 2 ** Math.min(failures, 6), limits.pollMs));
      }
    }
  }

  return {
    persist,
    wake,
    claim: async (count: number): Promise<Claimed[]> => {
      woken = false;
      const claimed = await persist(async () => {
        // Those whose consumer died with them in hand once too often.
        await ask(
          `update bus_messages m set dead = true, error = coalesce(error, 'its consumer ended while handling it')
           where topic = $1 and "group" = $2 and not dead and attempts >= $3 and not exists (
             select 1 from pg_stat_activity a where m.holder = a.pid || '@' || extract(epoch from a.backend_start))`,
          [topic, group, limits.maxAttempts],
        );
        const rows = await ask<Claimed>(claimText, [topic, group, count]);
        return rows.sort((a, b) => a.id - b.id);
      });
      return claimed ?? [];
    },
    done: async (message: Claimed): Promise<void> => {
      await ask('delete from bus_messages where id = $1', [message.id]);
    },
    failed: async (message: Claimed, error: string): Promise<void> => {
      const dead = message.attempts >= limits.maxAttempts;
      await ask(
        `update bus_messages set holder = null, dead = $2, error = $3, due = now() + $4 * interval '1 millisecond' where id = $1`,
        [
          message.id,
          dead,
          error.replaceAll('\u0000', ' ').slice(0, 1_000),
          pauseAfter(message.attempts, limits.retryMs),
        ],
      );
      if (!dead) setTimeout(wake, pauseAfter(message.attempts, limits.retryMs) + 5).unref();
    },
    /** Until something may have changed: a notification, a finished batch, the end, or the poll interval. */
    idle: () => sleep(limits.pollMs),
    close: async (): Promise<void> => {
      signal.removeEventListener('abort', wake);
      await client?.end().catch(() => {});
    },
  };

  async function sleep(ms: number): Promise<void> {
    if (woken || signal.aborted) {
      woken = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, ms);
      rouse = finish;
      function finish(): void {
        clearTimeout(timer);
        rouse = undefined;
        resolve();
      }
    });
    woken = false;
  }
}
