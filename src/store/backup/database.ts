/** The rows of a database as parts of a backup: read in one snapshot while others write, put back into an empty one. */
import { Kysely } from 'kysely';
import pg from 'pg';
import type { Connection } from '../cluster/connection.js';
import { migrate } from '../database/migrate.js';
import { migrations } from '../database/migrations/index.js';
import { clientSettings, createPool, dialect, translate } from '../database/pool.js';
import type { Tables } from '../database/schema.js';
import { silent } from '../../base/index.js';
import { StoreError } from '../store-error.js';

const batchRows = 500;
/** Which migrations ran is known by the number; what lets people in is not brought back to life by an old copy. */
const leftOut = ['schema_migrations', 'sessions', 'login_links', 'enrol_tokens'];

/** Numbers of another server's transactions and sessions: what they are replaced with. */
const meaningless: Readonly<Record<string, string>> = {
  'observations.tx': '0',
  'decisions_allowed.tx': '0',
  'decisions_denied.tx': '0',
  'bus_messages.holder': 'null',
};

export interface Snapshot {
  readonly schema: number;
  readonly tables: readonly string[];
  /** One JSON string a line. */
  rows(table: string): AsyncGenerator<Buffer>;
  /** Values of the sequences, as JSON. */
  sequences(): Promise<Buffer>;
}

/** All that `work` reads is of one moment (REPEATABLE READ). @throws StoreError `unreachable`, `disk-full` */
export async function inSnapshot<T>(connection: Connection, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return withClient(connection, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    const done = await work({
      schema: await schemaOf(client),
      tables: await tablesOf(client),
      rows: (table) => rowsOf(client, table),
      sequences: async () => Buffer.from(JSON.stringify(await sequencesOf(client))),
    });
    await client.query('commit');
    return done;
  });
}

export interface Loader {
  /** Tables come in the order of the snapshot. */
  rows(table: string, content: AsyncIterable<Buffer>): Promise<number>;
  sequences(content: AsyncIterable<Buffer>): Promise<void>;
  /** Bundles lie where the installation lies. */
  evidenceIn(directory: string): Promise<void>;
}

/**
 * Brings an empty database to `schema` and runs `work` in one transaction: all rows are there afterwards, or none.
 *
 * @throws StoreError `not-empty`, `schema-newer`, `malformed`
 */
export async function intoEmpty<T>(
  connection: Connection,
  schema: number,
  work: (loader: Loader) => Promise<T>,
): Promise<T> {
  const newest = migrations.at(-1)?.number ?? 0;
  if (schema > newest)
    throw new StoreError('schema-newer', `this backup has schema ${schema}, this program knows ${newest}`, {
      hint: 'restore it with the version that made it, or a newer one',
    });
  const db = new Kysely<Tables>({ dialect: dialect(createPool(connection, silent, 1)) });
  try {
    await migrate(
      db,
      migrations.filter(({ number }) => number <= schema),
    );
  } finally {
    await db.destroy();
  }
  return withClient(connection, async (client) => {
    await client.query('begin');
    const tables = await tablesOf(client);
    for (const table of tables) {
      const { rowCount } = await client.query(`select 1 from ${quoted(table)} limit 1`);
      if (rowCount !== 0)
        throw new StoreError('not-empty', 'the database holds an installation already', {
          hint: 'restore into an empty one',
        });
    }
    const done = await work({
      rows: async (table, content) => {
        if (!tables.includes(table))
          throw new StoreError('malformed', `this backup has a table that schema ${schema} has not`);
        return load(client, table, content);
      },
      sequences: (content) => setSequences(client, content),
      evidenceIn: async (directory) => {
        await client.query(`update evidence set path = $1 || '/' || id`, [directory]);
      },
    });
    await client.query('commit');
    return done;
  });
}

async function withClient<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientSettings(connection));
  client.on('error', () => {}); // whoever asks next is told
  await client.connect().catch(translate);
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof pg.DatabaseError) return translate(error);
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function schemaOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ number: number }>('select max(number) as number from schema_migrations');
  return rows[0]?.number ?? 0;
}

/** Whatever others refer to comes before them. */
async function tablesOf(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; needs: string[] }>(
    `select c.relname as name, coalesce(array_agg(r.relname::text) filter (where r.relname is not null), '{}') as needs
     from pg_class c left join pg_constraint k on k.conrelid = c.oid and k.contype = 'f'
     left join pg_class r on r.oid = k.confrelid
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> all ($1) group by c.relname order by c.relname`,
    [leftOut],
  );
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    for (const needed of rows.find((row) => row.name === name)?.needs ?? []) if (needed !== name) visit(needed);
    order.push(name);
  };
  for (const { name } of rows) visit(name);
  return order;
}

/** Rows as PostgreSQL writes a composite value: the one form that every column, whatever it holds, comes back from. */
async function* rowsOf(client: pg.Client, table: string): AsyncGenerator<Buffer> {
  await client.query(`declare part cursor for select t::text as row from ${quoted(table)} t`);
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`fetch ${batchRows} from part`);
    if (rows.length === 0) break;
    yield Buffer.from(rows.map(({ row }) => `${JSON.stringify(row)}\n`).join(''));
  }
  await client.query('close part');
}

async function load(client: pg.Client, table: string, content: AsyncIterable<Buffer>): Promise<number> {
  const { rows: columns } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [quoted(table)],
  );
  const values = columns.map(({ name }) => meaningless[`${table}.${name}`] ?? `(r).${quoted(name)}`);
  // `offset 0`: each row is read once, not once for each of its columns.
  const insert = `insert into ${quoted(table)} select ${values.join(', ')}
    from (select line::${quoted(table)} as r from unnest($1::text[]) line offset 0) rows`;
  let count = 0;
  let batch: string[] = [];
  const flush = async () => {
    if (batch.length > 0) await client.query(insert, [batch]);
    count += batch.length;
    batch = [];
  };
  for await (const line of linesOf(content)) {
    batch.push(JSON.parse(line) as string); // a line of ours; PostgreSQL refuses what is no row
    if (batch.length >= batchRows) await flush();
  }
  await flush();
  return count;
}

/** Ended by a line feed alone: a row may hold any other character that ends a line elsewhere. */
async function* linesOf(content: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let open: Buffer[] = [];
  for await (const piece of content) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      yield Buffer.concat([...open, piece.subarray(from, end)]).toString('utf8');
      open = [];
      from = end + 1;
    }
    open.push(piece.subarray(from));
  }
  if (open.some((piece) => piece.length > 0))
    throw new StoreError('malformed', 'a table in this backup ends within a row');
}

interface Sequence {
  readonly name: string;
  readonly value: string;
  readonly called: boolean;
}

async function sequencesOf(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'S' order by 1`,
  );
  const found: Sequence[] = [];
  for (const { name } of rows) {
    const { rows: values } = await client.query<{ value: string; called: boolean }>(
      `select last_value::text as value, is_called as called from ${quoted(name)}`,
    );
    for (const { value, called } of values) found.push({ name, value, called });
  }
  return found;
}

async function setSequences(client: pg.Client, content: AsyncIterable<Buffer>): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  const known = new Set((await sequencesOf(client)).map(({ name }) => name));
  const told = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Sequence[]; // sealed by us; names are looked up below
  for (const { name, value, called } of told) {
    if (!known.has(name)) throw new StoreError('malformed', 'this backup has a sequence that its schema has not');
    await client.query('select setval($1::regclass, $2::bigint, $3::boolean)', [quoted(name), value, called]);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
