/** People and their keys. Of every secret only the SHA-256 is kept; the secret itself is returned once. */
import { z } from 'zod';
import { Grant, Labels } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground, hashSecret } from './rows.js';

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
export interface Token {
  readonly name: string;
  readonly account: string;
  /** Of the account, now. */
  readonly role: string;
  readonly grants: readonly Grant[];
  readonly scopes: readonly string[];
  /** For services with these labels alone; none: whatever its account may. */
  readonly where: Labels;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

export interface AccountRepository {
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
  /** A scoped token. Names are unique among an account's valid ones: an older one of this name is revoked. */
  createToken(
    token: {
      name: string;
      account: string;
      scopes: readonly string[];
      where?: Labels | undefined;
      ttlMs: number | null;
    },
    by: string,
  ): Promise<string>;
  token(secret: string): Promise<Token | undefined>;
  tokens(): Promise<Token[]>;
  revokeToken(account: string, name: string, by: string): Promise<boolean>;
  /** Removes sessions and links that ended more than a day ago. */
  sweep(): Promise<void>;
}

export function accountRepository(
  { db, limits: clock, secret }: Ground,
  auditIn: (tx: Database) => AuditTrail,
): AccountRepository {
  const valid = () => {
    const now = clock.now();
    return db
      .selectFrom('tokens')
      .innerJoin('accounts', 'accounts.name', 'tokens.account')
      .select(['tokens.name', 'account', 'role', 'grants', 'scopes', 'within', 'expires_at', 'last_used_at'])
      .where('revoked_at', 'is', null)
      .where('state', '=', 'active')
      .where((at) =>
        at.or([at('expires_at', 'is', null), at.and([at('tokens.created_at', '<=', now), at('expires_at', '>', now)])]),
      );
  };
  const revoke = async (tx: Database, account: string, name: string) => {
    const done = await tx
      .updateTable('tokens')
      .set({ revoked_at: clock.now() })
      .where('account', '=', account)
      .where('name', '=', name)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return done.numUpdatedRows > 0n;
  };
  const openSession = async (tx: Database, account: string, ttlMs: number, source: string | undefined) => {
    const { role, grants } = await known(tx, account);
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
        await known(tx, account);
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
    createToken: ({ name, account, scopes, where = {}, ttlMs }, by) =>
      atomically(db, async (tx) => {
        await known(tx, account);
        await revoke(tx, account, name);
        const token = secret();
        const now = clock.now();
        const expires_at = ttlMs === null ? null : now + ttlMs;
        await tx
          .insertInto('tokens')
          .values({
            hash: hashSecret(token),
            name,
            account,
            scopes: JSON.stringify(scopes),
            within: JSON.stringify(where),
            created_at: now,
            expires_at,
            revoked_at: null,
            last_used_at: null,
          })
          .execute();
        await auditIn(tx).append({
          actor: by,
          action: 'token.create',
          subject: name,
          detail: { account, scopes, where, expiresAt: expires_at },
        });
        return token;
      }),
    token: async (given) => {
      const hash = hashSecret(given);
      const row = await valid().where('hash', '=', hash).executeTakeFirst();
      if (row === undefined) return undefined;
      const now = clock.now();
      // To the minute, and beside the request: where it cannot be written, the token is good all the same.
      if (now - (row.last_used_at ?? 0) > 60_000)
        db.updateTable('tokens')
          .set({ last_used_at: now })
          .where('hash', '=', hash)
          .execute()
          .catch(() => {});
      return toToken(row);
    },
    tokens: async () => (await valid().orderBy('tokens.name').execute()).map(toToken),
    revokeToken: (account, name, by) =>
      atomically(db, async (tx) => {
        const found = await revoke(tx, account, name);
        if (found) await auditIn(tx).append({ actor: by, action: 'token.revoke', subject: name, detail: { account } });
        return found;
      }),
    sweep: async () => {
      const before = clock.now() - 86_400_000;
      await db.deleteFrom('sessions').where('expires_at', '<', before).execute();
      await db.deleteFrom('login_links').where('expires_at', '<', before).execute();
      await db.deleteFrom('enrol_tokens').where('expires_at', '<', before).execute();
    },
  };
}

async function known(tx: Database, name: string): Promise<Pick<Account, 'role' | 'grants'>> {
  const row = await tx
    .selectFrom('accounts')
    .select(['role', 'grants'])
    .where('name', '=', name)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (row === undefined) throw new StoreError('not-found', `no account \`${name}\``);
  return { role: row.role, grants: toGrants(row.grants) };
}

/** What cannot be read counts for nothing. */
export function toGrants(kept: unknown): Grant[] {
  return z.array(Grant).catch([]).parse(kept);
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

function toToken(row: {
  name: string;
  account: string;
  role: string;
  grants: unknown;
  scopes: unknown;
  within: unknown;
  expires_at: number | null;
  last_used_at: number | null;
}): Token {
  return {
    name: row.name,
    account: row.account,
    role: row.role,
    grants: toGrants(row.grants),
    scopes: z.array(z.string()).parse(row.scopes),
    where: Labels.parse(row.within),
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
