/** What all repositories share: rows to models and back, hashed secrets, transactions that join an open one. */
import { createHash } from 'node:crypto';
/** Runs `work` in a transaction; inside one, in that one. */
export function atomically(db, work) {
    return db.isTransaction ? work(db) : db.transaction().execute(work);
}
/** For indexed text columns: NUL and lone surrogates, which PostgreSQL cannot hold, become U+FFFD; the body keeps them. */
export function columnText(text) {
    return Buffer.from(text, 'utf8').toString('utf8').replaceAll('\u0000', '\ufffd');
}
/** Secrets of 32 random bytes are stored as plain SHA-256: there is nothing to guess. */
export function hashSecret(secret) {
    return createHash('sha256').update(secret).digest('hex');
}
export function limitOf(page) {
    return Math.min(Math.max(1, Math.trunc(page.limit ?? 100)), 10_000);
}
