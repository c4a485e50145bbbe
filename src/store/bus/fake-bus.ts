/** The bus in memory, with the same promises except durability; for tests. */
import { messageOf } from '../../base/index.js';
import { type Batch, type Bus, type BusSettings, limitsOf, pauseAfter } from './bus.js';

interface Message {
  readonly id: number;
  readonly topic: string;
  readonly group: string;
  readonly batch: Batch;
  attempts: number;
  busy: boolean;
  dead: boolean;
  error: string;
}

export function fakeBus(settings: BusSettings = {}): Bus {
  const { maxAttempts, retryMs } = limitsOf(settings);
  const groups = new Map<string, Set<string>>();
  const wakers = new Set<() => void>();
  let messages: Message[] = [];
  let counter = 0;
  const wake = () => {
    for (const waker of wakers) waker();
  };
  const register = (group: string, topic: string) => {
    groups.set(topic, (groups.get(topic) ?? new Set()).add(group));
  };
  const work = async (message: Message, handler: (batch: Batch) => Promise<void>) => {
    message.busy = true;
    message.attempts += 1;
    try {
      await handler(message.batch);
      messages = messages.filter((other) => other !== message);
    } catch (error) {
      message.error = messageOf(error);
      if (message.attempts >= maxAttempts) message.dead = true;
      else {
        setTimeout(
          () => {
            message.busy = false;
            wake();
          },
          pauseAfter(message.attempts, retryMs),
        );
        return;
      }
    }
    message.busy = false;
  };

  return {
    register: async (group, topic) => register(group, topic),
    publish: async (topic, batch) => {
      if (batch.length === 0) return;
      const text = JSON.stringify(batch);
      for (const group of groups.get(topic) ?? []) {
        counter += 1;
        messages.push({
          id: counter,
          topic,
          group,
          batch: JSON.parse(text),
          attempts: 0,
          busy: false,
          dead: false,
          error: '',
        });
      }
      wake();
    },
    consume: async (group, topic, handler, { signal, maxInFlight = 1 }) => {
      register(group, topic);
      const running = new Set<Promise<void>>();
      while (!signal.aborted) {
        const next = messages.find((m) => m.topic === topic && m.group === group && !m.busy && !m.dead);
        if (next !== undefined && running.size < maxInFlight) {
          const job = work(next, handler).finally(() => {
            running.delete(job);
            wake();
          });
          running.add(job);
          continue;
        }
        await new Promise<void>((resolve) => {
          const done = () => {
            wakers.delete(done);
            signal.removeEventListener('abort', done);
            resolve();
          };
          wakers.add(done);
          signal.addEventListener('abort', done);
        });
      }
      await Promise.all(running);
    },
    depth: async () => {
      const dead = messages.filter((message) => message.dead).length;
      return { waiting: messages.length - dead, dead };
    },
    deadLetters: async (topic) =>
      messages
        .filter((message) => message.dead && (topic === undefined || message.topic === topic))
        .map(({ id, topic: name, group, batch, attempts, error }) => ({
          id,
          topic: name,
          group,
          batch,
          attempts,
          error,
        })),
    revive: async (id) => {
      const found = messages.find((message) => message.dead && message.id === id);
      if (found === undefined) return false;
      found.dead = false;
      found.attempts = 0;
      wake();
      return true;
    },
  };
}
