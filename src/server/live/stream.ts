/**
 * Server-Sent Events (WHATWG HTML section 9.2). Each event says only what changed: whoever hears it fetches it anew, so
 * nothing private rides in it and a lost event costs a fetch. Events are read from the database, where they were written
 * with what they speak of: a client that comes back with its cursor, `<stream>-<number>`, gets what it missed and
 * nothing twice, also from a control plane that was killed. A cursor that is too old, of another database or forged
 * gets `reset` and fetches everything: never a silent gap.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/index.js';
import type { RecordedChange } from '../../store/index.js';
import type { streamTopics } from '../api/records.js';

export type Topic = (typeof streamTopics)[number];

/** What was committed, in its order. */
export interface ChangeLog {
  after(seq: number, page: { limit: number }): Promise<readonly RecordedChange[]>;
  bounds(): Promise<{ readonly oldest: number; readonly newest: number }>;
}

export interface AttachOptions {
  readonly topics: ReadonlySet<Topic>;
  /** Whoever may not know of everything is told the topic alone, and fetches what is theirs. */
  readonly bare?: boolean;
  readonly lastEventId: string | undefined;
  /** When the right to listen ends; the client comes back and has to prove itself anew. */
  readonly until: number | null;
}

export interface LiveStream {
  /** Something was committed: look. */
  wake(): void;
  /** Takes the answer over until the client goes. The caller has looked at `maxClients`. */
  attach(response: ServerResponse, options: AttachOptions): void;
  close(): void;
  clients(): number;
  readonly maxClients: number;
}

export interface LiveOptions {
  readonly clock: Clock;
  readonly changes: ChangeLog;
  /** Names the database that the numbers are of. */
  readonly stream: string;
  readonly maxClients?: number;
  /** Unsent bytes at which a slow client is dropped; it comes back with its cursor. */
  readonly maxBuffered?: number;
  readonly heartbeatMs?: number;
}

interface Client {
  readonly response: ServerResponse;
  readonly topics: ReadonlySet<string>;
  readonly bare: boolean;
  /** The last number it was given, or that was none of its topics. */
  position: number;
  /** Has caught up: is served with all others. */
  joined: boolean;
}

/** A revoked right to listen ends at the latest then: clients reconnect by themselves. */
const longest = 3_600_000;
const page = { limit: 500 };

export function liveStream(options: LiveOptions): LiveStream {
  const { changes, stream } = options;
  const clients = new Map<ServerResponse, Client>();
  const maxBuffered = options.maxBuffered ?? 256 << 10;
  /** The last number that all who joined were given; undefined until the first look. */
  let last: number | undefined;
  let looking = false;
  let again = false;
  let closed = false;
  const heartbeat = setInterval(() => {
    for (const { response } of clients.values()) send(response, ': still here\n\n');
    // Also what a look that failed (the database was away) owes them.
    wake();
  }, options.heartbeatMs ?? 15_000);
  heartbeat.unref();

  return {
    wake,
    attach(response, { topics, bare = false, lastEventId, until }) {
      const client: Client = { response, topics, bare, position: 0, joined: false };
      clients.set(response, client);
      const left = until === null ? longest : Math.min(longest, until - options.clock.now());
      const end = setTimeout(() => response.end(), Math.max(0, left));
      response.on('close', () => {
        clearTimeout(end);
        clients.delete(response);
      });
      response.on('error', () => clients.delete(response));
      send(response, 'retry: 1000\n');
      // Without the database there is nothing to tell: the client comes back by itself.
      join(client, lastEventId).catch(() => response.destroy());
    },
    close() {
      closed = true;
      clearInterval(heartbeat);
      for (const client of clients.keys()) client.end();
      clients.clear();
    },
    clients: () => clients.size,
    maxClients: options.maxClients ?? 100,
  };

  function wake(): void {
    again = true;
    if (looking || closed) return;
    looking = true;
    look()
      .catch(() => {}) // tried again with the next change or heartbeat
      .finally(() => {
        looking = false;
      });
  }

  async function look(): Promise<void> {
    while (again && !closed) {
      again = false;
      // Nobody to tell: whoever comes reads for itself.
      if (clients.size === 0) {
        last = undefined;
        continue;
      }
      last ??= (await changes.bounds()).newest;
      for (;;) {
        const rows = await changes.after(last, page);
        const newest = rows.at(-1);
        if (newest === undefined) break;
        last = newest.seq;
        for (const client of clients.values()) if (client.joined) give(client, rows);
      }
    }
  }

  /** Reads what this client missed, at its own pace, until it stands where all others do. */
  async function join(client: Client, cursor: string | undefined): Promise<void> {
    const { oldest, newest } = await changes.bounds();
    const from = cursor === undefined ? undefined : positionOf(cursor);
    const known = from !== undefined && from <= newest && from >= oldest - 1;
    client.position = known ? from : newest;
    if (!known || from === newest)
      send(
        client.response,
        `id: ${stream}-${client.position}\nevent: ${cursor === undefined || known ? 'hello' : 'reset'}\ndata: {}\n\n`,
      );
    for (;;) {
      const rows = await changes.after(client.position, page);
      give(client, rows);
      if (!clients.has(client.response)) return;
      if (rows.length === 0 && client.position >= (last ?? client.position)) break;
      if (client.response.writableNeedDrain) await drained(client.response);
    }
    last ??= client.position;
    client.joined = true;
    wake();
  }

  function give(client: Client, rows: readonly RecordedChange[]): void {
    for (const row of rows) {
      if (row.seq <= client.position) continue;
      client.position = row.seq;
      if (client.topics.has(row.topic))
        send(client.response, frame(client.bare ? { ...row, subject: '', change: 'changed' } : row));
    }
  }

  function positionOf(cursor: string): number | undefined {
    const [of, number] = cursor.split('-');
    return of === stream && /^[0-9]{1,15}$/.test(number ?? '') ? Number(number) : undefined;
  }

  function frame({ seq, topic, subject, change, at }: RecordedChange): string {
    return `id: ${stream}-${seq}\nevent: ${topic}\ndata: ${JSON.stringify({ topic, subject, change, at })}\n\n`;
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

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
