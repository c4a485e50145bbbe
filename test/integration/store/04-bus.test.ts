import { afterAll, expect, test } from 'vitest';
import { stopTestStores, testStore } from '../../fakes/test-store.js';
import { busConformance, gate } from './bus-conformance.js';

afterAll(stopTestStores);

busConformance('PostgreSQL', async (settings) => {
  const { store, dispose } = await testStore({ bus: settings });
  return { bus: store.bus, dispose };
});

test('a message and the fact it tells of commit together, or neither does', async () => {
  await using made = await disposable();
  const { store } = made;
  await store.bus.register('g', 'facts');
  await expect(
    store.transaction(async (tx) => {
      await tx.settings.put('fact', 1);
      await tx.bus.publish('facts', ['lost']);
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await store.settings.get('fact')).toBeUndefined();
  await store.transaction(async (tx) => {
    await tx.settings.put('fact', 2);
    await tx.bus.publish('facts', ['kept']);
  });
  const stop = new AbortController();
  const first = gate();
  const got: unknown[] = [];
  const run = store.bus.consume(
    'g',
    'facts',
    async (batch) => {
      got.push(...batch);
      first.open();
    },
    { signal: stop.signal },
  );
  await first.passed;
  stop.abort();
  await run;
  expect(got).toEqual(['kept']);
});

test('what a consumer held when its connection died comes again at once', async () => {
  await using made = await disposable();
  const { store, connection } = made;
  const stop = new AbortController();
  const held = gate();
  const again = gate();
  const release = gate();
  let deliveries = 0;
  const run = store.bus.consume(
    'g',
    'work',
    async () => {
      deliveries += 1;
      if (deliveries > 1) return again.open();
      held.open();
      await release.passed;
    },
    { signal: stop.signal, maxInFlight: 2 },
  );
  await store.bus.register('g', 'work');
  await store.bus.publish('work', [1]);
  await held.passed;
  const { default: pg } = await import('pg');
  if (connection.kind !== 'socket') throw new Error('a private cluster is expected');
  const admin = new pg.Client({ host: connection.directory, user: connection.user, database: connection.database });
  await admin.connect();
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await admin.end();
  await again.passed;
  release.open();
  stop.abort();
  await run;
  expect(deliveries).toBe(2);
});

async function disposable() {
  const made = await testStore();
  return { ...made, [Symbol.asyncDispose]: made.dispose };
}
