/** A week in small quotas: what goes, in which order, and what never does. */
import { afterAll, expect, test } from 'vitest';
import { silent } from '../../../src/base/index.js';
import { createRetention } from '../../../src/server/jobs/retention.js';
import { observation } from '../../fakes/example-observation.js';
import { rows, stopTestStores, testStore } from '../../fakes/test-store.js';
import { about, liveThroughAWeek } from './week.js';

afterAll(stopTestStores);

test('a week in small quotas: each holds at every look, the order is kept, and what is pinned is all there', async () => {
  await liveThroughAWeek({ rowsADay: 14_000, bytes: 12 << 20 });
}, 300_000);

test('what is pinned stays when it alone is more than the quota, which is said, and new rows are still kept', async () => {
  const { store, clock, dispose } = await testStore();
  await store.observations.makeDays();
  const held = Array.from({ length: 3_000 }, (_, n) => observation(n, { at: clock.now() }));
  await store.observations.insert(held);
  await store.incidents.save(about(held));
  const limit = { days: 3, bytes: 1 << 20 };
  expect(await store.retention.keep('observations', limit)).toMatchObject({ rows: 0, pinnedOver: true });
  clock.advance(5 * 86_400_000);
  await store.observations.makeDays();
  const fresh = observation(9_000, { at: clock.now() });
  await store.observations.insert([fresh]);
  expect(await store.retention.keep('observations', limit)).toMatchObject({ rows: 0, pinnedOver: true });
  expect(await store.observations.count()).toBe(3_001);
  await store.incidents.save({ ...about(held), state: 'closed' });
  const { rows: gone, pinnedOver } = await store.retention.keep('observations', limit);
  expect([gone > 0, pinnedOver]).toEqual([true, false]);
  expect(await store.retention.sweepStrays('observations', limit.days)).toBe(3_000 - gone);
  expect((await store.observations.list()).map((row) => row.id)).toEqual([fresh.id]);
  await dispose();
});

test('rows from a mad clock have no day of their own, and go within the same quota', async () => {
  const { store, clock, dispose } = await testStore();
  await store.observations.makeDays();
  await store.observations.insert(Array.from({ length: 4_000 }, (_, n) => observation(n, { at: (n % 2) * 1e15 })));
  await store.observations.insert([observation(9_000, { at: clock.now() })]);
  const limit = { days: 14, bytes: 2 << 20 };
  expect(await store.retention.bytes('observations')).toBeGreaterThan(limit.bytes);
  const { rows: gone } = await store.retention.keep('observations', limit);
  expect(await store.retention.bytes('observations')).toBeLessThanOrEqual(limit.bytes);
  expect((await store.observations.count()) + gone).toBe(4_001);
  expect(await store.observations.get('host-a:boot:9000', clock.now())).toBeDefined();
  await dispose();
});

test('a detection that is far behind is given no more until it has caught up, and dead letters are bounded', async () => {
  const { store, clock, connection, dispose } = await testStore();
  const limit = { days: 14, bytes: 64 << 20 };
  const retention = createRetention({
    store,
    clock,
    log: silent,
    config: { retention: { observations: limit, decisions: limit, evidence: limit }, evidenceDir: '/nonexistent' },
    mostQueuedBytes: 1_000,
  });
  await store.bus.register('judge', 'observations');
  retention.admit();
  for (let n = 0; n < 20; n += 1) await store.bus.publish('observations', [observation(n)]);
  await retention.check();
  expect(() => retention.admit()).toThrow(expect.objectContaining({ code: 'unavailable' }));
  await rows(connection, 'update bus_messages set dead = true');
  await retention.check();
  retention.admit();
  expect(await store.retention.sweepDead(5)).toBe(15);
  expect((await store.bus.deadLetters()).map(({ batch }) => batch)).toMatchObject(
    [15, 16, 17, 18, 19].map((n) => [{ id: `host-a:boot:${n}` }]),
  );
  await dispose();
});

test('signals go with age and number, and the count says what went', async () => {
  const { store, dispose } = await testStore();
  const [example] = about([observation(0)]).signals;
  if (example === undefined) throw new Error('no signal');
  await store.signals.insert(Array.from({ length: 10 }, (_, n) => ({ ...example, id: `RT-001:${n}`, at: 1_000 + n })));
  expect(await store.signals.sweep(1_002, 100)).toEqual([{ rows: 2, since: 1_000, until: 1_001 }]);
  expect(await store.signals.sweep(0, 5)).toMatchObject([{ rows: 2 }]);
  expect(await store.signals.sweep(0, 6)).toEqual([]);
  expect(await store.signals.list()).toHaveLength(6);
  await dispose();
});
