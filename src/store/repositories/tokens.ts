/** Tokens of programs and people. Of the secret only the SHA-256 is kept; the secret itself is returned once. */
import { z } from 'zod';
import { type Grant, Labels } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { activeAccount, toGrants } from './grants.js';
import { atomically, type Ground, hashSecret } from './rows.js';

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

export interface TokenRepository {
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
}

export function tokenRepository(
  { db, limits: clock, secret }: Ground,
  auditIn: (tx: Database) => AuditTrail,
): TokenRepository {
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
  return {
    createToken: ({ name, account, scopes, where = {}, ttlMs }, by) =>
      atomically(db, async (tx) => {
        await activeAccount(tx, account);
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
