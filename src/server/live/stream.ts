/**
 * Server-Sent Events (WHATWG HTML section 9.2). Each event says only what changed: whoever hears it fetches it anew, so
 * nothing private rides in it and a lost event costs a fetch. The cursor is `<boot>-<number>`; a client that comes back
 * within the ring gets what it missed, any other gets `reset` and fetches everything: never a silent gap.
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Clock } from '../../base/index.js';
import type { StreamEvent, streamTopics } from '../api/records.js';

export type Topic = (typeof streamTopics)[number];
type Event = z.infer<typeof StreamEvent>;

export interface AttachOptions {
  readonly topics: ReadonlySet<Topic>;
  readonly lastEventId: string | undefined;
  /** When the right to listen ends; the client comes back and has to prove itself anew. */
  readonly until: number | null;
}

export interface LiveStream {
  publish(topic: Topic, subject: string, change: string): void;
  /** Takes the answer over until the client goes. The caller has looked at `maxClients`. */
  attach(response: ServerResponse, options: AttachOptions): void;
  close(): void;
  clients(): number;
  readonly maxClients: number;
}

export interface LiveOptions {
  readonly clock: Clock;
  readonly ring?: number;
  readonly maxClients?: number;
  /** Unsent bytes at which a slow client is dropped; it comes back with its cursor. */
  readonly maxBuffered?: number;
  readonly heartbeatMs?: number;
}

/** A revoked right to listen ends at the latest then: clients reconnect by themselves. */
const longest = 3_600_000;

export function liveStream(options: LiveOptions): LiveStream {
  const boot = randomBytes(4).toString('hex');
  const ring: { number: number; event: Event }[] = [];
  const clients = new Map<ServerResponse, ReadonlySet<Topic>>();
  const size = options.ring ?? 2_000;
  const maxBuffered = options.maxBuffered ?? 256 << 10;
  let last = 0;
  const heartbeat = setInterval(() => {
    for (const client of clients.keys()) send(client, ': still here\n\n');
  }, options.heartbeatMs ?? 15_000);
  heartbeat.unref();

  return {
    publish(topic, subject, change) {
      last += 1;
      const entry = { number: last, event: { topic, subject, change, at: options.clock.now() } };
      ring.push(entry);
      if (ring.length > size) ring.shift();
      for (const [client, topics] of clients) if (topics.has(topic)) send(client, frame(entry));
    },
    attach(response, { topics, lastEventId, until }) {
      clients.set(response, topics);
      const left = until === null ? longest : Math.min(longest, until - options.clock.now());
      const end = setTimeout(() => response.end(), Math.max(0, left));
      response.on('close', () => {
        clearTimeout(end);
        clients.delete(response);
      });
      response.on('error', () => clients.delete(response));
      send(response, 'retry: 1000\n');
      const missed = lastEventId === undefined ? [] : since(lastEventId);
      if (missed === undefined) send(response, `id: ${boot}-${last}\nevent: reset\ndata: {}\n\n`);
      else if (missed.length === 0) send(response, `id: ${boot}-${last}\nevent: hello\ndata: {}\n\n`);
      for (const entry of missed ?? []) if (topics.has(entry.event.topic)) send(response, frame(entry));
    },
    close() {
      clearInterval(heartbeat);
      for (const client of clients.keys()) client.end();
      clients.clear();
    },
    clients: () => clients.size,
    maxClients: options.maxClients ?? 100,
  };

  /** What came after a cursor; undefined when that is no longer known. */
  function since(cursor: string): typeof ring | undefined {
    const [bootOf, number] = cursor.split('-');
    if (bootOf !== boot || !/^[0-9]{1,15}$/.test(number ?? '')) return undefined;
    const from = Number(number);
    if (from > last || from < (ring[0]?.number ?? last + 1) - 1) return undefined;
    return ring.filter((entry) => entry.number > from);
  }

  function frame(entry: { number: number; event: Event }): string {
    return `id: ${boot}-${entry.number}\nevent: ${entry.event.topic}\ndata: ${JSON.stringify(entry.event)}\n\n`;
  }

  function send(client: ServerResponse, text: string): void {
    if (client.writableLength > maxBuffered) {
      clients.delete(client);
      client.destroy();
      return;
    }
    client.write(text);
  }
}
