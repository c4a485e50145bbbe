import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import type { RecordedChange } from '../../store/index.js';
import { liveStream } from './stream.js';

/** As much of an answer as the stream uses: a client that may read slowly. */
class Client extends EventEmitter {
  text = '';
  writableLength = 0;
  writableNeedDrain = false;
  gone = false;
  write(part: string): boolean {
    this.text += part;
    this.emit('wrote');
    return true;
  }
  end(): void {
    this.destroy();
  }
  destroy(): void {
    this.gone = true;
    this.emit('close');
    this.emit('wrote');
  }
  /** Resolves when what was written says so. */
  async says(text: string): Promise<void> {
    while (!this.text.includes(text) && !this.gone) await new Promise((resolve) => this.once('wrote', resolve));
    expect(this.text).toContain(text);
  }
}

/** What a database keeps: numbered in the order of commit. */
function changeLog() {
  const rows: RecordedChange[] = [];
  let oldest = 1;
  return {
    add: (topic: string, subject: string) => rows.push({ seq: rows.length + 1, at: 1, topic, subject, change: 'x' }),
    forget: (before: number) => {
      oldest = before;
    },
    after: async (seq: number, page: { limit: number }) =>
      rows.filter((row) => row.seq > seq && row.seq >= oldest).slice(0, page.limit),
    bounds: async () => ({ oldest: rows.length === 0 ? 0 : oldest, newest: rows.length }),
  };
}

const all = new Set(['incidents', 'contracts'] as const);
function open(changes = changeLog(), stream = 'aaaa0001') {
  const live = liveStream({ clock: manualClock(), changes, stream });
  const attach = (lastEventId?: string) => {
    const client = new Client();
    live.attach(client as unknown as ServerResponse, { topics: all, lastEventId, until: null });
    return client;
  };
  const publish = (topic: string, subject: string) => {
    changes.add(topic, subject);
    live.wake();
  };
  return { live, attach, publish, changes };
}
const idsIn = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] ?? '');
const subjectsIn = (text: string) => [...text.matchAll(/"subject":"([^"]+)"/g)].map((match) => match[1]);

test('gives what was missed after the cursor, once and in order, also from another process on the same database', async () => {
  const { live, attach, publish, changes } = open();
  const first = attach();
  await first.says('hello');
  publish('incidents', 'INC-1');
  await first.says('INC-1');
  const cursor = idsIn(first.text).at(-1) ?? '';
  live.close();
  changes.add('incidents', 'INC-2');
  changes.add('secrets', 'INC-3');
  const second = open(changes);
  const again = second.attach(cursor);
  second.publish('contracts', 'orders');
  await again.says('orders');
  expect(subjectsIn(again.text)).toEqual(['INC-2', 'orders']);
  second.live.close();
});

test('gives each change once to clients that come while others are being served', async () => {
  const { live, attach, publish } = open();
  const clients: Client[] = [];
  for (let n = 1; n <= 50; n += 1) {
    clients.push(attach('aaaa0001-0'));
    publish('incidents', `INC-${n}.`);
    if (n % 7 === 0) await clients.at(-1)?.says(`INC-${n}.`);
  }
  const expected = Array.from({ length: 50 }, (_, n) => `INC-${n + 1}.`);
  for (const client of clients) {
    await client.says('INC-50.');
    expect(subjectsIn(client.text)).toEqual(expected);
  }
  live.close();
});

test('says reset when what was missed is no longer kept, or the cursor is of the future or of another database', async () => {
  const { live, attach, changes } = open();
  for (let n = 0; n < 5; n += 1) changes.add('incidents', `INC-${n}`);
  changes.forget(4);
  for (const cursor of ['aaaa0001-2', 'aaaa0001-9', 'bbbb0001-4', 'x', '-', 'aaaa0001--1']) {
    const client = attach(cursor);
    await client.says('event: reset');
    expect(subjectsIn(client.text)).toEqual([]);
  }
  await attach('aaaa0001-3').says('INC-4');
  live.close();
});

test('drops a client that does not read, and keeps the others', async () => {
  const { live, attach, publish } = open();
  const slow = attach();
  const good = attach();
  await slow.says('hello');
  await good.says('hello');
  slow.writableLength = 1 << 20;
  publish('incidents', 'INC-1');
  await good.says('INC-1');
  expect([slow.gone, good.gone, live.clients()]).toEqual([true, false, 1]);
  live.close();
  expect(good.gone).toBe(true);
});

test('sends a client away whose database does not answer: it comes back with its cursor', async () => {
  const { live, attach } = open({ ...changeLog(), bounds: () => Promise.reject(new Error('away')) });
  const client = attach('aaaa0001-1');
  while (!client.gone) await new Promise((resolve) => client.once('wrote', resolve));
  expect(live.clients()).toBe(0);
  live.close();
});
