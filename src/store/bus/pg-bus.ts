/** The bus on PostgreSQL: a row per batch and group, woken by NOTIFY, with a look now and then in case one was missed. */
import { sql } from 'kysely';
import { z } from 'zod';
import { messageOf } from '../../base/index.js';
import type { Database } from '../database/schema.js';
import { type Bus, type BusSettings, limitsOf, type Publisher } from './bus.js';
import { type Claimed, openConsumer } from './pg-consumer.js';

const Items = z.array(z.unknown());

/** Publishing alone; what a transaction is given, so that fact and message commit together. */
export function pgPublisher(db: Database): Publisher {
  return {
    publish: async (topic, batch) => {
      if (batch.length === 0) return;
      await sql`with sent as (
          insert into bus_messages (topic, "group", body)
          select topic, "group", ${JSON.stringify(batch)}::json from bus_groups where topic = ${topic} returning 1)
        select pg_notify('tricordon_bus', ${topic}) from sent limit 1`.execute(db);
    },
  };
}

export function pgBus(db: Database, connect: Parameters<typeof openConsumer>[0], settings: BusSettings = {}): Bus {
  const limits = limitsOf(settings);
  const register = async (group: string, topic: string) => {
    await db
      .insertInto('bus_groups')
      .values({ topic, group })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  };
  return {
    ...pgPublisher(db),
    register,
    consume: async (group, topic, handler, { signal, maxInFlight = 1 }) => {
      const consumer = openConsumer(connect, group, topic, limits, signal);
      const running = new Set<Promise<void>>();
      try {
        await consumer.persist(() => register(group, topic));
        while (!signal.aborted) {
          const claimed = running.size < maxInFlight ? await consumer.claim(maxInFlight - running.size) : [];
          for (const message of claimed) {
            const job = work(message).finally(() => {
              running.delete(job);
              consumer.wake();
            });
            running.add(job);
          }
          if (claimed.length === 0 || running.size >= maxInFlight) await consumer.idle();
        }
      } finally {
        await Promise.all(running);
        await consumer.close();
      }

      async function work(message: Claimed): Promise<void> {
        try {
          await handler(Items.parse(message.body));
        } catch (error) {
          await consumer.persist(() => consumer.failed(message, messageOf(error)));
          return;
        }
        await consumer.persist(() => consumer.done(message));
      }
    },
    depth: async () => {
      const { rows } = await sql<{ waiting: number; dead: number }>`
        select count(*) filter (where not dead)::int as waiting, count(*) filter (where dead)::int as dead
        from bus_messages`.execute(db);
      return { waiting: rows[0]?.waiting ?? 0, dead: rows[0]?.dead ?? 0 };
    },
    deadLetters: async (topic) => {
      let query = db.selectFrom('bus_messages').selectAll().where('dead', '=', true).orderBy('id').limit(1_000);
      if (topic !== undefined) query = query.where('topic', '=', topic);
      return (await query.execute()).map((row) => ({
        id: row.id,
        topic: row.topic,
        group: row.group,
        batch: Items.parse(row.body),
        attempts: row.attempts,
        error: row.error ?? '',
      }));
    },
    revive: async (id) => {
      const { rows } = await sql<{ topic: string }>`
        update bus_messages set dead = false, attempts = 0, due = now(), holder = null where id = ${id} and dead
        returning topic, pg_notify('tricordon_bus', topic)`.execute(db);
      return rows.length === 1;
    },
  };
}
