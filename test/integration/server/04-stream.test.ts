import { type Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect } from 'vitest';
import { requires } from '../../requires.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let token: string;

beforeAll(async () => {
  plane = await startPlane();
  token = await plane.token(['read']);
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

interface Heard {
  readonly id: string;
  readonly topic: string;
  readonly data: { subject?: string; change?: string };
}

/** Opens the stream and hands out its events one by one. */
async function listen(topics: string, lastEventId?: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      new URL(`/v1/stream?topics=${topics}`, plane.server.addresses.consoleUrl),
      {
        agent: false as unknown as Agent,
        ca: plane.server.context.authority.bundle().join(''),
        headers: {
          authorization: `Bearer ${token}`,
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
      },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  response.setEncoding('utf8');
  response.on('error', () => {});
  const heard: Heard[] = [];
  let wake = () => {};
  let rest = '';
  response.on('data', (chunk: string) => {
    rest += chunk;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const lines = rest.slice(0, end).split('\n');
      rest = rest.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      if (field('event') !== '')
        heard.push({ id: field('id'), topic: field('event'), data: JSON.parse(field('data')) });
    }
    wake();
  });
  return {
    response,
    next: async (): Promise<Heard> => {
      while (heard.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const [first] = heard.splice(0, 1);
      if (first === undefined) throw new Error('nothing heard');
      return first;
    },
    close: () => response.destroy(),
  };
}

it('tells what changed, in the topics asked for, and resumes without a gap from a cursor', async () => {
  const stream = await listen('contracts');
  expect(stream.response.headers['content-type']).toBe('text/event-stream');
  expect(stream.response.headers['content-security-policy']).toContain("default-src 'none'");
  expect((await stream.next()).topic).toBe('hello');
  await plane.call('POST', '/v1/services', { body: { service: 'one' } });
  const first = await stream.next();
  expect(first).toMatchObject({ topic: 'contracts', data: { subject: 'one', change: 'created' } });
  stream.close();
  await plane.call('POST', '/v1/services', { body: { service: 'two' } });
  await plane.call('POST', '/v1/services', { body: { service: 'three' } });
  const again = await listen('contracts', first.id);
  expect((await again.next()).data.subject).toBe('two');
  expect((await again.next()).data.subject).toBe('three');
  again.close();
});

it('says reset to a cursor it does not know: of another start, of the future, or forged', async () => {
  for (const cursor of ['deadbeef-1', 'x', '-', '0-99999999999999999999']) {
    const stream = await listen('contracts', cursor);
    expect([cursor, (await stream.next()).topic]).toEqual([cursor, 'reset']);
    stream.close();
  }
});

it('refuses unknown topics and strangers', async () => {
  expect((await plane.call('GET', '/v1/stream?topics=secrets')).status).toBe(400);
  expect((await plane.call('GET', '/v1/stream', { token: null })).status).toBe(401);
});
