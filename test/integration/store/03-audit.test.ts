import { afterAll, expect, test } from 'vitest';
import pg from 'pg';
import { stopTestStores, testStore } from '../../fakes/test-store.js';

afterAll(stopTestStores);

test('many writers at once make one chain without a fork, and a change and its entry are one', async () => {
  const { store, dispose } = await testStore();
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      store.audit.append({ actor: 'a', action: 'x.y', subject: `${n}`, detail: { n } }),
    ),
  );
  await expect(
    store.transaction(async (tx) => {
      await tx.audit.append({ actor: 'a', action: 'x.y', subject: 'never', detail: {} });
      throw new Error('no');
    }),
  ).rejects.toThrow(/^no$/);
  expect(await store.audit.verify()).toMatchObject({ ok: true, length: 40 });
  expect((await store.audit.list({ limit: 2 })).map((entry) => entry.seq)).toEqual([40, 39]);
  await dispose();
});

test('hostile text in an entry neither breaks the chain nor the database', async () => {
  const { store, dispose } = await testStore();
  const nasty = '\u0000\ud800\u202e\u001b[31m';
  await store.audit.append({
    actor: nasty,
    action: 'x.y',
    subject: 'x'.repeat(5_000),
    detail: { [nasty]: nasty, deep: { a: [1, null] } },
  });
  expect(await store.audit.verify()).toMatchObject({ ok: true, length: 1 });
  expect((await store.audit.list())[0]?.detail).toEqual({ [nasty]: nasty, deep: { a: [1, null] } });
  await dispose();
});

test('the database itself refuses to change, remove or empty the trail, and to change a contract version', async () => {
  await using made = await withClient();
  const { store, ask } = made;
  await store.audit.append({ actor: 'a', action: 'x.y', subject: 's', detail: {} });
  for (const text of [`update audit set actor = 'b'`, 'delete from audit', 'truncate audit'])
    await expect(ask(text)).rejects.toThrow('append-only');
});

test('one search looks at a bounded stretch of a long trail, says how far it came, and goes on from there', async () => {
  await using made = await withClient();
  const { store, ask } = made;
  await ask(`insert into audit select n, n, 'a', case n when 7 then 'x.rare' else 'x.y' end, 's', '{}', '', ''
    from generate_series(1, 45000) n`);
  const found: number[] = [];
  const ends: number[] = [];
  for (let before: number | undefined; ends.at(-1) !== 1; before = ends.at(-1)) {
    const asked = before === undefined ? {} : { before };
    const { entries, searchedTo } = await store.audit.search({ action: 'x.rare', ...asked });
    found.push(...entries.map(({ seq }) => seq));
    ends.push(searchedTo);
  }
  expect([found, ends]).toEqual([[7], [25_001, 5_001, 1]]);
});

test('one who owns the database and gets around the trigger is found out', async () => {
  const cases: [string, number][] = [
    [`update audit set actor = 'b' where seq = 3`, 3],
    [`update audit set detail = '[]' where seq = 2`, 2],
    [`update audit set at = at + 0.001 where seq = 4`, 4],
    ['delete from audit where seq = 1', 1],
    ['delete from audit where seq = 5', 5],
    ['delete from audit', 1],
  ];
  for (const [text, brokenAt] of cases) {
    await using made = await withClient();
    const { store, ask } = made;
    for (let n = 0; n < 5; n += 1)
      await store.audit.append({ actor: 'a', action: 'x.y', subject: `${n}`, detail: { n } });
    const head = await store.audit.head();
    expect(await store.audit.verify(head)).toMatchObject({ ok: true });
    await ask('alter table audit disable trigger all');
    await ask(text);
    expect(await store.audit.verify(head), text).toMatchObject({ ok: false, brokenAt });
  }
});

async function withClient() {
  const { store, connection, dispose } = await testStore();
  if (connection.kind !== 'socket') throw new Error('a private cluster is expected');
  const client = new pg.Client({ host: connection.directory, user: connection.user, database: connection.database });
  await client.connect();
  return {
    store,
    ask: (text: string) => client.query(text),
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await dispose();
    },
  };
}
