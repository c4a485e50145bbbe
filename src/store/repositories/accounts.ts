/** Accounts, and the links and sessions by which they come in. Of every secret only the SHA-256 is kept; the secret itself is returned once. */
import type { Grant } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { activeAccount, toGrants } from './grants.js';
import { atomically, type Ground, hashSecret } from './rows.js';
import { type TokenRepository, tokenRepository } from './tokens.js';

export interface Account {
  readonly name: string;
  /** What counts everywhere. */
  readonly role: string;
  readonly grants: readonly Grant[];
  /** `active`, `disabled` or `removed`; only an active one lets anybody in. */
  readonly state: string;
  readonly createdAt: number;
}
export interface Session {
  readonly account: string;
  readonly role: string;
  readonly grants: readonly Grant[];
  readonly expiresAt: number;
}
/** One that is open, with where it was opened from; null: not noted. */
export interface FoundSession extends Session {
  readonly source: string | null;
}
/** As others see it: the id is the beginning of the hash, and opens nothing. */
export interface OpenSession {
  readonly id: string;
  readonly account: string;
  readonly source: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}
export interface AccountRepository extends TokenRepository {
  /** Makes the account if it is not there; the role of an existing one stays. */
  ensure(name: string, role: string, by: string): Promise<Account>;
  get(name: string): Promise<Account | undefined>;
  list(): Promise<Account[]>;
  /** A one-time secret for the console's login link. @throws StoreError `not-found` for an unknown account. */
  createLoginLink(account: string, ttlMs: number, by: string): Promise<string>;
  /** Uses the link up and opens a session; undefined when unknown, used or too old. */
  redeemLoginLink(
    secret: string,
    sessionTtlMs: number,
    source?: string,
  ): Promise<{ readonly cookie: string; readonly session: Session } | undefined>;
  /** For whoever has proved to be this person. @throws StoreError `not-found` when the account is not active. */
  openSession(
    account: string,
    sessionTtlMs: number,
    source: string,
  ): Promise<{ readonly cookie: string; readonly session: Session }>;
  session(cookie: string): Promise<FoundSession | undefined>;
  /** Ends a session whose cookie came from elsewhere; of those who notice at the same time one is told true. */
  endElsewhere(cookie: string, seenFrom: string): Promise<boolean>;
  endSession(cookie: string): Promise<void>;
  /** Of one account, or all. */
  sessions(account?: string): Promise<OpenSession[]>;
  /** Ends those of the account, or of any, that have this id. */
  revokeSession(id: string, account: string | undefined, by: string): Promise<boolean>;
  /** Removes sessions and links that ended more than a day ago. */
  sweep(): Promise<void>;
}

export function accountRepository(ground: Ground, auditIn: (tx: Database) => AuditTrail): AccountRepository {
  const { db, limits: clock, secret } = ground;
  const openSession = async (tx: Database, account: string, ttlMs: number, source: string | undefined) => {
    const { role, grants } = await activeAccount(tx, account);
    const cookie = secret();
    const now = clock.now();
    const session = { account, role, grants, expiresAt: now + ttlMs };
    await tx
      .insertInto('sessions')
      .values({
        hash: hashSecret(cookie),
        account,
        created_at: now,
        expires_at: session.expiresAt,
        source: source ?? null,
      })
      .execute();
    const detail = source === undefined ? {} : { source };
    await auditIn(tx).append({ actor: account, action: 'account.login', subject: account, detail });
    return { cookie, session };
  };
  const openSessions = () => {
    const now = clock.now();
    return db.selectFrom('sessions').where('created_at', '<=', now).where('expires_at', '>', now);
  };
  return {
    ...tokenRepository(ground, auditIn),
    ensure: (name, role, by) =>
      atomically(db, async (tx) => {
        const done = await tx
          .insertInto('accounts')
          .values({ name, role, created_at: clock.now() })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .executeTakeFirst();
        if (done.numInsertedOrUpdatedRows === 1n)
          await auditIn(tx).append({ actor: by, action: 'account.create', subject: name, detail: { role } });
        return toAccount(
          await tx.selectFrom('accounts').selectAll().where('name', '=', name).executeTakeFirstOrThrow(),
        );
      }),
    get: async (name) => {
      const row = await db.selectFrom('accounts').selectAll().where('name', '=', name).executeTakeFirst();
      return row && toAccount(row);
    },
    list: async () => (await db.selectFrom('accounts').selectAll().orderBy('name').execute()).map(toAccount),
    createLoginLink: (account, ttlMs, by) =>
      atomically(db, async (tx) => {
        await activeAccount(tx, account);
        const link = secret();
        const now = clock.now();
        await tx
          .insertInto('login_links')
          .values({ hash: hashSecret(link), account, created_at: now, expires_at: now + ttlMs, used_at: null })
          .execute();
        await auditIn(tx).append({
          actor: by,
          action: 'account.link',
          subject: account,
          detail: { expiresAt: now + ttlMs },
        });
        return link;
      }),
    redeemLoginLink: (link, ttlMs, source) =>
      atomically(db, async (tx) => {
        const now = clock.now();
        const used = await tx
          .updateTable('login_links')
          .set({ used_at: now })
          .where('hash', '=', hashSecret(link))
          .where('account', 'in', tx.selectFrom('accounts').select('name').where('state', '=', 'active'))
          .where('used_at', 'is', null)
          .where('created_at', '<=', now)
          .where('expires_at', '>', now)
          .returning('account')
          .executeTakeFirst();
        if (used === undefined) return undefined;
        return openSession(tx, used.account, ttlMs, source);
      }),
    openSession: (account, ttlMs, source) => atomically(db, (tx) => openSession(tx, account, ttlMs, source)),
    session: async (cookie) => {
      const now = clock.now();
      const row = await db
        .selectFrom('sessions')
        .innerJoin('accounts', 'accounts.name', 'sessions.account')
        .select(['account', 'role', 'grants', 'expires_at', 'source'])
        .where('hash', '=', hashSecret(cookie))
        .where('state', '=', 'active')
        // One from the future was made before the clock was set back: how long it has lived, nobody can say.
        .where('sessions.created_at', '<=', now)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return (
        row && {
          account: row.account,
          role: row.role,
          grants: toGrants(row.grants),
          expiresAt: row.expires_at,
          source: row.source,
        }
      );
    },
    endElsewhere: (cookie, seenFrom) =>
      atomically(db, async (tx) => {
        const hash = hashSecret(cookie);
        const ended = await tx
          .deleteFrom('sessions')
          .where('hash', '=', hash)
          .returning(['account', 'source'])
          .executeTakeFirst();
        if (ended === undefined) return false;
        const detail = { session: hash.slice(0, 12), openedFrom: ended.source ?? '', seenFrom };
        await auditIn(tx).append({
          actor: 'control plane',
          action: 'session.elsewhere',
          subject: ended.account,
          detail,
        });
        return true;
      }),
    endSession: async (cookie) => {
      await db.deleteFrom('sessions').where('hash', '=', hashSecret(cookie)).execute();
    },
    sessions: async (account) => {
      let query = openSessions().selectAll().orderBy('created_at', 'desc');
      if (account !== undefined) query = query.where('account', '=', account);
      return (await query.execute()).map((row) => ({
        id: row.hash.slice(0, 12),
        account: row.account,
        source: row.source,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
      }));
    },
    revokeSession: (id, account, by) =>
      atomically(db, async (tx) => {
        let query = tx.deleteFrom('sessions').where((at) => at(at.fn('left', ['hash', at.val(12)]), '=', id));
        if (account !== undefined) query = query.where('account', '=', account);
        const ended = await query.returning('account').execute();
        for (const { account: whose } of ended)
          await auditIn(tx).append({ actor: by, action: 'session.revoke', subject: whose, detail: { session: id } });
        return ended.length > 0;
      }),
    sweep: async () => {
      const before = clock.now() - 86_400_000;
      await db.deleteFrom('sessions').where('expires_at', '<', before).execute();
      await db.deleteFrom('login_links').where('expires_at', '<', before).execute();
      await db.deleteFrom('enrol_tokens').where('expires_at', '<', before).execute();
    },
  };
}

function toAccount(row: { name: string; role: string; grants: unknown; state: string; created_at: number }): Account {
  return {
    name: row.name,
    role: row.role,
    grants: toGrants(row.grants),
    state: row.state,
    createdAt: row.created_at,
  };
}
