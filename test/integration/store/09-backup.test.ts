import { afterAll, expect, test } from 'vitest';
import { type Connection, intoEmpty, inSnapshot, openStore } from '../../../src/store/index.js';
import { systemClock } from '../../../src/base/index.js';
import { observation } from '../../fakes/example-observation.js';
import { emptied, rows, stopTestStores, testStore } from '../../fakes/test-store.js';

afterAll(stopTestStores);

interface Taken {
  readonly schema: number;
  readonly tables: ReadonlyMap<string, readonly Buffer[]>;
  readonly sequences: Buffer;
}

async function taken(connection: Connection, meanwhile = async () => {}): Promise<Taken> {
  return inSnapshot(connection, async (snapshot) => {
    await meanwhile();
    const tables = new Map<string, readonly Buffer[]>();
    for (const table of snapshot.tables) {
      const content: Buffer[] = [];
      for await (const piece of snapshot.rows(table)) content.push(piece);
      tables.set(table, content);
    }
    return { schema: snapshot.schema, tables, sequences: await snapshot.sequences() };
  });
}

async function put(connection: Connection, { schema, tables, sequences }: Taken): Promise<void> {
  await intoEmpty(connection, schema, async (loader) => {
    for (const [table, content] of tables) await loader.rows(table, pieces(content));
    await loader.sequences(pieces([sequences]));
    await loader.evidenceIn('/new');
  });
}

async function* pieces(content: readonly Buffer[]): AsyncGenerator<Buffer> {
  // Cut anywhere: a row may come in several pieces.
  for (const piece of content) for (let at = 0; at < piece.length; at += 1_000) yield piece.subarray(at, at + 1_000);
}

test('what was there is there again, hostile text too, and what comes then follows it', async () => {
  const { store, connection, dispose } = await testStore();
  const nasty = observation(1, {
    id: "a\u0000'; drop table observations; --",
    event: { kind: 'exec', path: '\u0000\ud800\u2028', args: ['\u001b[2J', '"', '\\', '{}', '\n\r\n', '(,)'] },
  });
  const many = Array.from({ length: 1_200 }, (_, number) => observation(10 + number));
  await store.observations.insert([nasty, ...many]);
  await store.audit.append({ actor: 'a\nb', action: 'x', subject: '\u2029', detail: { text: '\u0000 ( , ) "' } });
  await rows(connection, "insert into bus_messages (topic, \"group\", body, holder) values ('t', 'g', '{}', '1@2')");
  await rows(connection, "insert into evidence values ('ev-1', null, 'web', 1, '{}', 's', '/old/evidence/ev-1')");
  const copy = await taken(connection, async () => {
    await store.observations.insert([observation(5_000)]);
  });

  const empty = await emptied();
  await put(empty.connection, copy);
  const other = await openStore(empty.connection, { clock: systemClock });
  expect(await other.observations.count()).toBe(1_201);
  expect(await other.observations.get(nasty.id, nasty.at)).toEqual(nasty);
  expect(await other.audit.verify()).toMatchObject({ ok: true, head: (await store.audit.verify()).head });
  const seen = await other.observations.after('0.0', {});
  expect(seen.observations.length).toBeGreaterThan(0);
  await other.observations.insert([observation(6_000)]);
  const end = await other.observations.after(`0.${Number.MAX_SAFE_INTEGER}`);
  expect(end.observations.map(({ id }) => id)).toEqual([observation(6_000).id]);
  expect(await rows(empty.connection, 'select holder, id::int from bus_messages')).toEqual([{ holder: null, id: 1 }]);
  expect(await rows(empty.connection, 'select path from evidence')).toEqual([{ path: '/new/ev-1' }]);
  await rows(empty.connection, "insert into bus_messages (topic, \"group\", body) values ('t', 'g', '{}')");
  expect(await rows(empty.connection, 'select max(id)::int as id from bus_messages')).toEqual([{ id: 2 }]);
  await expect(put(empty.connection, copy)).rejects.toMatchObject({ code: 'not-empty' });
  await other.close();
  await empty.dispose();
  await dispose();
});

test('a row that breaks leaves nothing behind, and a newer schema is refused', async () => {
  const { connection, dispose } = await testStore();
  const copy = await taken(connection);
  const empty = await emptied();
  const broken = {
    ...copy,
    tables: new Map([['accounts', [Buffer.from('"(Ana,administrator,1,active)"\n"no row"\n')]]]),
  };
  await expect(put(empty.connection, broken)).rejects.toMatchObject({ name: 'StoreError' });
  const cut = { ...copy, tables: new Map([['accounts', [Buffer.from('"(Ana,administrator,1,active)"')]]]) };
  await expect(put(empty.connection, cut)).rejects.toMatchObject({ code: 'malformed' });
  const foreign = { ...copy, tables: new Map([['pg_authid', [Buffer.from('"x"\n')]]]) };
  await expect(put(empty.connection, foreign)).rejects.toMatchObject({ code: 'malformed' });
  expect(await rows(empty.connection, 'select * from accounts')).toEqual([]);
  await expect(put(empty.connection, { ...copy, schema: 999 })).rejects.toMatchObject({ code: 'schema-newer' });
  await put(empty.connection, copy);
  await empty.dispose();
  await dispose();
});
