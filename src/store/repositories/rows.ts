/** What all repositories share: rows to models and back, hashed secrets, transactions that join an open one. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/index.js';
import type { Database } from '../database/schema.js';

/** What a repository is built from. */
export interface Ground {
  readonly db: Database;
  readonly clock: Clock;
  /** For what must end in time: set back, the wall clock makes nothing live longer. */
  readonly limits: Clock;
  /** Cryptographically random bytes, as text for a URL. */
  readonly secret: () => string;
}

/** Runs `work` in a transaction; inside one, in that one. */
export function atomically<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

/** For indexed text columns: NUL and lone surrogates, which PostgreSQL cannot hold, become U+FFFD; the body keeps them. */
export function columnText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8').replaceAll('\u0000', '\ufffd');
}

/** Secrets of 32 random bytes are stored as plain SHA-256: there is nothing to guess. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export interface Page {
  /** At most this many, newest first; default 100, never above 10,000. */
  readonly limit?: number;
}

export function limitOf(page: Page): number {
  return Math.min(Math.max(1, Math.trunc(page.limit ?? 100)), 10_000);
}
