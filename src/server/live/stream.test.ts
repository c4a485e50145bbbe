import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import { liveStream } from './stream.js';

/** As much of an answer as the stream uses: a client that may read slowly. */
class Client extends EventEmitter {
  text = '';
  writableLength = 0;
  gone = false;
  write(part: string): boolean {
    this.text += part;
    return true;
  }
  end(): void {
    this.destroy();
  }
  destroy(): void {
    this.gone = true;
    this.emit('close');
  }
}

const all = new Set(['incidents', 'contracts'] as const);
function open(options: { ring?: number } = {}) {
  const stream = liveStream({ clock: manualClock(), ...options });
  const attach = (lastEventId?: string) => {
    const client = new Client();
    stream.attach(client as unknown as ServerResponse, { topics: all, lastEventId, until: null });
    return client;
  };
  return { stream, attach };
}
const idsIn = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] ?? '');

test('gives what was missed after the cursor, once and in order', () => {
  const { stream, attach } = open();
  const first = attach();
  stream.publish('incidents', 'INC-1', 'opened');
  const cursor = idsIn(first.text).at(-1) ?? '';
  first.destroy();
  stream.publish('incidents', 'INC-2', 'opened');
  stream.publish('contracts', 'orders', 'approved');
  const again = attach(cursor);
  expect(again.text.match(/INC-1/g)).toBeNull();
  expect([...again.text.matchAll(/"subject":"([^"]+)"/g)].map((match) => match[1])).toEqual(['INC-2', 'orders']);
  stream.close();
});

test('says reset when the ring no longer holds what was missed', () => {
  const { stream, attach } = open({ ring: 2 });
  const first = attach();
  const cursor = idsIn(first.text).at(-1) ?? '';
  for (let n = 0; n < 4; n += 1) stream.publish('incidents', `INC-${n}`, 'opened');
  expect(attach(cursor).text).toContain('event: reset');
  stream.close();
});

test('drops a client that does not read, and keeps the others', () => {
  const { stream, attach } = open();
  const slow = attach();
  const good = attach();
  slow.writableLength = 1 << 20;
  stream.publish('incidents', 'INC-1', 'opened');
  expect([slow.gone, good.gone, stream.clients()]).toEqual([true, false, 1]);
  stream.close();
  expect(good.gone).toBe(true);
});
