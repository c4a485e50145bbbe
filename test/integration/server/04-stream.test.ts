import { afterAll, beforeAll, expect } from 'vitest';
import { requires } from '../../requires.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { listenTo, type Plane, startPlane } from './harness.js';

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

const listen = (topics: string, lastEventId?: string) =>
  listenTo(
    plane.server.addresses.consoleUrl,
    { ca: plane.server.context.authority.bundle().join(''), token },
    topics,
    lastEventId,
  );

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

it('resumes from the database after a restart', async () => {
  const stream = await listen('contracts');
  const { id } = await stream.next();
  await plane.call('POST', '/v1/services', { body: { service: 'before' } });
  stream.close();
  await plane.restart();
  await plane.call('POST', '/v1/services', { body: { service: 'after' } });
  const again = await listen('contracts', id);
  expect([(await again.next()).data.subject, (await again.next()).data.subject]).toEqual(['before', 'after']);
  again.close();
});

it('says reset to a cursor it does not know: of another database, of the future, or forged', async () => {
  for (const cursor of ['00000000-1', 'x', '-', '0-99999999999999999999']) {
    const stream = await listen('contracts', cursor);
    expect([cursor, (await stream.next()).topic]).toEqual([cursor, 'reset']);
    stream.close();
  }
});

it('refuses unknown topics and strangers', async () => {
  expect((await plane.call('GET', '/v1/stream?topics=secrets')).status).toBe(400);
  expect((await plane.call('GET', '/v1/stream', { token: null })).status).toBe(401);
});
