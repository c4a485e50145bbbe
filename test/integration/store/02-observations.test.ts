import { afterAll, expect, test } from 'vitest';
import type { Observation } from '../../../src/model/index.js';
import { decision, observation } from '../../fakes/example-observation.js';
import { rows, stopTestStores, testStore } from '../../fakes/test-store.js';
import { gate } from './bus-conformance.js';

afterAll(stopTestStores);
const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => observation(from + n));

test('what is sent twice is kept once, also when both come at the same time', async () => {
  const { store, dispose } = await testStore();
  expect(await store.observations.insert(range(0, 100))).toHaveLength(100);
  expect(await store.observations.insert(range(50, 100))).toHaveLength(50);
  const twice = await Promise.all([
    store.observations.insert(range(1_000, 200)),
    store.observations.insert(range(1_000, 200)),
  ]);
  expect(twice.flat()).toHaveLength(200);
  expect(await store.observations.count()).toBe(350);
  await dispose();
});

test('hostile text is kept as it came, and a mad clock does not fill the database with partitions', async () => {
  const { store, dispose } = await testStore();
  const nasty = observation(1, {
    id: "a\u0000'; drop table observations; --",
    event: { kind: 'exec', path: '\u0000\ud800', args: ['\u001b[2J', '"', '\\', '{}'] },
  });
  const mad = [-1, 1e300, Number.MAX_SAFE_INTEGER, 0].map((at, n) => observation(10 + n, { at }));
  await store.observations.insert([nasty, ...mad]);
  expect(await store.observations.get(nasty.id, nasty.at)).toEqual(nasty);
  expect(await store.observations.count()).toBe(5);
  await dispose();
});

test('a question by service, layer, kind, host, workload and time finds the newest first', async () => {
  const { store, dispose } = await testStore();
  const other: Partial<Observation> = {
    service: 'orders',
    host: 'host-b',
    layer: 'network',
    workload: 'w2',
    event: { kind: 'accept', address: '127.0.0.1', port: 1 },
  };
  await store.observations.insert([...range(0, 5), observation(5, other)]);
  const { observations } = store;
  expect((await observations.list({ limit: 2 })).map((row) => row.id)).toEqual(['host-a:boot:5', 'host-a:boot:4']);
  for (const filter of [
    { service: 'orders' },
    { host: 'host-b' },
    { layer: 'network' as const },
    { kind: 'accept' as const },
    { workload: 'w2' },
    { since: observation(5).at },
  ]) {
    expect((await observations.list(filter)).map((row) => row.id)).toEqual(['host-a:boot:5']);
    expect(await observations.count(filter)).toBe(1);
  }
  expect(await observations.list({ until: observation(0).at })).toEqual([]);
  await dispose();
});

test('a cursor skips nothing, even when a writer that began earlier ends later', async () => {
  const { store, dispose } = await testStore();
  const inserted = gate();
  const release = gate();
  const slow = store.transaction(async (tx) => {
    await tx.observations.insert([observation(1)]);
    inserted.open();
    await release.passed;
  });
  await inserted.passed;
  await store.observations.insert([observation(2)]);
  const before = await store.observations.after(undefined);
  const fromEnd = await store.observations.end();
  release.open();
  await slow;
  const after = await store.observations.after(before.cursor);
  const ids = [...before.observations, ...after.observations].map((row) => row.id);
  expect(ids.sort()).toEqual(['host-a:boot:1', 'host-a:boot:2']);
  expect((await store.observations.after(fromEnd)).observations).toHaveLength(2);
  expect((await store.observations.after(await store.observations.end())).observations).toEqual([]);
  await expect(store.observations.after('1; drop')).rejects.toMatchObject({ code: 'malformed' });
  await dispose();
});

test('pages of a cursor come to the same as one', async () => {
  const { store, dispose } = await testStore();
  for (let n = 0; n < 10; n += 1) await store.observations.insert(range(n * 10, 10));
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.observations.after(cursor, { limit: 7 });
    if (page.observations.length === 0) break;
    ids.push(...page.observations.map((row) => row.id));
    cursor = page.cursor;
  }
  expect(ids).toEqual(range(0, 100).map((row) => row.id));
  await dispose();
});

test('the days to come are ready, and rows without a day of their own stay', async () => {
  const { store, clock, dispose } = await testStore();
  const far = observation(2, { at: clock.now() + 10 * 86_400_000 });
  await store.observations.insert([observation(1, { at: clock.now() }), far]);
  clock.advance(10 * 86_400_000);
  await store.observations.makeDays();
  await store.observations.insert([observation(3, { at: clock.now() })]);
  expect((await store.observations.list()).map((row) => row.id)).toEqual([
    'host-a:boot:2',
    'host-a:boot:3',
    'host-a:boot:1',
  ]);
  await dispose();
});

test('decisions lie apart and are found like all others, in the order of arrival', async () => {
  const { store, connection, dispose } = await testStore();
  const batch = [observation(0), decision(1, 'allow'), observation(2), decision(3, 'deny'), decision(4, 'would-deny')];
  expect(await store.observations.insert(batch)).toHaveLength(5);
  expect(await store.observations.insert(batch)).toEqual([]);
  expect((await store.observations.list()).map((row) => row.id)).toEqual(batch.map((row) => row.id).reverse());
  expect((await store.observations.after(undefined)).observations.map((row) => row.id).sort()).toEqual(
    batch.map((row) => row.id),
  );
  for (const [table, count] of [
    ['observations', 2],
    ['decisions_allowed', 1],
    ['decisions_denied', 2],
  ])
    expect(await rows(connection, `select count(*)::int as n from ${table}`)).toEqual([{ n: count }]);
  await dispose();
});
