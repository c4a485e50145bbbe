/** The driver's pool, with its errors put into this module's words. */
import { PostgresDialect } from 'kysely';
import pg from 'pg';
import { codeOf, type Logger, messageOf } from '../../base/index.js';
import type { Connection } from '../cluster/connection.js';
import { driverSettings } from '../cluster/handshake.js';
import { StoreError } from '../store-error.js';

const INT8 = 20;
const DATE = 1082;

export function createPool(connection: Connection, log: Logger, size = 10): pg.Pool {
  const pool = new pg.Pool({ ...clientSettings(connection), max: size, idleTimeoutMillis: 30_000 });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => log.warn({ reason: messageOf(error) }, 'lost an idle database connection'));
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}

export function clientSettings(connection: Connection): pg.ClientConfig {
  return {
    ...driverSettings(connection),
    application_name: 'tricordon',
    connectionTimeoutMillis: 10_000,
    types: {
      // Our bigints are counters far below 2^53; dates stay text, free of time zones.
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === INT8 ? Number : id === DATE ? String : pg.types.getTypeParser(id, format ?? 'text'),
    },
  };
}

/** Kysely over the pool; what the server refuses arrives as StoreError. */
export function dialect(pool: pg.Pool): PostgresDialect {
  return new PostgresDialect({
    pool: {
      end: () => pool.end(),
      connect: async () => {
        const client = await pool.connect().catch(translate);
        return {
          query: (text: string, parameters: readonly unknown[]) => client.query(text, [...parameters]).catch(translate),
          release: () => client.release(),
        } as never; // Kysely's type also lists cursors, which we never open
      },
    },
  });
}

const lost = /^(08|57P0)|^(ECONN|ENOENT|EPIPE|ETIMEDOUT|EACCES)/;

/** By SQLSTATE (PostgreSQL manual, appendix A); the server's sentence is kept as cause, it may quote rows. */
export function translate(error: unknown): never {
  if (error instanceof StoreError) throw error;
  const code = codeOf(error) ?? '';
  if (lost.test(code) || (code === '' && /connection|timeout/i.test(messageOf(error)))) {
    throw new StoreError('unreachable', 'the database does not answer', {
      cause: error,
      hint: '`tricordon up` restarts its own PostgreSQL by itself; check database.url otherwise',
    });
  }
  if (code === '53100')
    throw new StoreError('disk-full', 'no space left for the database', { cause: error, hint: 'free some space' });
  if (code === '23505' || code === '23503' || code === '40001' || code === '40P01') {
    throw new StoreError('conflict', 'another change was first', { cause: error });
  }
  if (code === '22021' || code.startsWith('22P0')) {
    throw new StoreError('malformed', 'text that the database cannot hold', { cause: error });
  }
  throw new StoreError('query-failed', `the database refused a query (${code === '' ? messageOf(error) : code})`, {
    cause: error,
  });
}
