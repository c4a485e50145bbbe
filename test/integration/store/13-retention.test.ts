/** A week in small quotas: what goes, in which order, and what never does. */
import { afterAll, expect, test } from 'vitest';
import { observation } from '../../fakes/example-observation.js';
import { stopTestStores, testStore } from '../../fakes/test-store.js';
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
  const { rows, pinnedOver } = await store.retention.keep('observations', limit);
  expect([rows > 0, pinnedOver]).toEqual([true, false]);
  expect(await store.retention.sweepStrays('observations', limit.days)).toBe(3_000 - rows);
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
  const { rows } = await store.retention.keep('observations', limit);
  expect(await store.retention.bytes('observations')).toBeLessThanOrEqual(limit.bytes);
  expect((await store.observations.count()) + rows).toBe(4_001);
  expect(await store.observations.get('host-a:boot:9000', clock.now())).toBeDefined();
  await dispose();
});
