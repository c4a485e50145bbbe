import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/index.js';
import { checkSchema, openStore } from '../../../src/store/index.js';
import { migrations } from '../../../src/store/database/migrations/index.js';
import { emptied, rows, stopTestStores, testStore } from '../../fakes/test-store.js';

const newest = migrations.at(-1)?.number;

afterAll(stopTestStores);

test('three programs that start at once on an empty database migrate it once', async () => {
  const { connection, dispose } = await emptied();
  const stores = await Promise.all([1, 2, 3].map(() => openStore(connection, { clock: systemClock })));
  expect(stores.map((store) => store.schema)).toEqual([newest, newest, newest]);
  expect(await rows(connection, 'select number from schema_migrations')).toEqual(
    migrations.map(({ number }) => ({ number })),
  );
  for (const store of stores) await store.close();
  await dispose();
});

test('what people hold in an older installation holds in this one', async () => {
  const { connection, dispose } = await emptied();
  const older = migrations.filter(({ number }) => number < 3);
  await rows(
    connection,
    `create table schema_migrations (number int primary key, name text not null, applied_at timestamptz default now());
     ${older.map(({ number, name, sql }) => `${sql}; insert into schema_migrations (number, name) values (${number}, '${name}');`).join('\n')}`,
  );
  const now = systemClock.now();
  const hashed = (secret: string) => `encode(sha256('${secret}'), 'hex')`;
  await rows(
    connection,
    `insert into accounts values ('Ana', 'administrator', ${now}), ('local operator', 'program', ${now});
     insert into sessions values (${hashed('cookie')}, 'Ana', ${now - 1}, ${now + 60_000});
     insert into tokens values (${hashed('token')}, 'cli', 'local operator', '["admin"]', ${now - 1}, null, null);`,
  );
  const store = await openStore(connection, { clock: systemClock });
  expect(await store.accounts.session('cookie')).toMatchObject({ account: 'Ana', role: 'administrator' });
  expect(await store.accounts.token('token')).toMatchObject({ account: 'local operator', scopes: ['admin'] });
  expect(await store.people.list()).toMatchObject([{ name: 'Ana', state: 'active', hasPassword: false }]);
  await expect(store.people.remove('Ana', 'test')).rejects.toMatchObject({ code: 'conflict' });
  await store.close();
  await dispose();
});

test('what an upgrade would do is tried and taken back', async () => {
  const { connection, dispose } = await emptied();
  const all = migrations.map(({ number, name }) => ({ number, name }));
  expect(await checkSchema(connection)).toEqual({ present: 0, newest, pending: all });
  expect(await rows(connection, `select to_regclass('contracts') as contracts`)).toEqual([{ contracts: null }]);
  await rows(connection, 'create table settings (something_else int)');
  await expect(checkSchema(connection)).rejects.toMatchObject({ code: 'query-failed' });
  await rows(connection, 'drop table settings');
  await (await openStore(connection, { clock: systemClock })).close();
  expect(await checkSchema(connection)).toEqual({ present: newest, newest, pending: [] });
  await dispose();
});

test('a database of a newer program is left alone', async () => {
  const { connection, dispose } = await testStore();
  await rows(connection, `insert into schema_migrations (number, name) values (999, 'from the future')`);
  await expect(openStore(connection, { clock: systemClock })).rejects.toMatchObject({ code: 'schema-newer' });
  await expect(checkSchema(connection)).rejects.toMatchObject({ code: 'schema-newer' });
  await dispose();
});

test('a migration that fails leaves nothing behind', async () => {
  const { connection, dispose } = await emptied();
  await rows(connection, 'create table settings (something_else int)');
  await expect(openStore(connection, { clock: systemClock })).rejects.toMatchObject({ code: 'query-failed' });
  expect(await rows(connection, `select to_regclass('contracts') as contracts`)).toEqual([{ contracts: null }]);
  await dispose();
});
