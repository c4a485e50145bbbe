/** What a person signs in with, and from where they did. Hashes and sealed text alone: nothing here opens anything. */
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { atomically, type Ground, hashSecret } from './rows.js';

export interface Credentials {
  readonly password: string | undefined;
  /** Sealed; undefined: no second factor. */
  readonly totp: string | undefined;
}

export interface CredentialRepository {
  /** Of an active account; undefined when there is none. */
  of(account: string): Promise<Credentials | undefined>;
  /** All sessions of the account end. */
  setPassword(account: string, hash: string): Promise<void>;
  /** A second factor that counts when `confirmTotp` took its first code. */
  offerTotp(account: string, sealed: string): Promise<void>;
  offeredTotp(account: string): Promise<string | undefined>;
  confirmTotp(account: string, step: number, recoveryCodes: readonly string[]): Promise<void>;
  removeTotp(account: string): Promise<void>;
  /** Every second factor, in force or offered, held until the transaction ends. */
  sealed(): Promise<{ readonly account: string; readonly totp: string | null; readonly pending: string | null }[]>;
  /** The same secrets, sealed otherwise. */
  reseal(account: string, sealed: { readonly totp: string | null; readonly pending: string | null }): Promise<void>;
  /** Each step counts once, and none before one that was used. False: it was used. */
  useStep(account: string, step: number): Promise<boolean>;
  /** Each code counts once. */
  useRecoveryCode(account: string, code: string): Promise<boolean>;
  recoveryCodesLeft(account: string): Promise<number>;
  /** Forgets password, second factor, sessions and links: the account is open to a new link alone. */
  reset(account: string, by: string): Promise<void>;
  signedIn(account: string, source: string): Promise<void>;
  /** Whether this account was signed in to from there in the last thirty days. */
  isKnownSource(account: string, source: string): Promise<boolean>;
  sweep(): Promise<void>;
}

const rememberMs = 30 * 86_400_000;

export function credentialRepository(
  { db, limits: clock }: Ground,
  auditIn: (tx: Database) => AuditTrail,
): CredentialRepository {
  const put = (
    tx: Database,
    account: string,
    values: { password?: string; totp?: string | null; totp_step?: number; totp_pending?: string | null },
  ) =>
    tx
      .insertInto('credentials')
      .values({ account, ...values })
      .onConflict((conflict) => conflict.column('account').doUpdateSet(values))
      .execute();
  const tell = (tx: Database, account: string, action: string) =>
    auditIn(tx).append({ actor: account, action, subject: account, detail: {} });
  return {
    of: async (account) => {
      const row = await db
        .selectFrom('accounts')
        .leftJoin('credentials', 'credentials.account', 'accounts.name')
        .select(['password', 'totp'])
        .where('name', '=', account)
        .where('state', '=', 'active')
        .executeTakeFirst();
      return row && { password: row.password ?? undefined, totp: row.totp ?? undefined };
    },
    setPassword: (account, hash) =>
      atomically(db, async (tx) => {
        await put(tx, account, { password: hash });
        await tx.deleteFrom('sessions').where('account', '=', account).execute();
        await tell(tx, account, 'account.password');
      }),
    offerTotp: async (account, sealed) => {
      await put(db, account, { totp_pending: sealed });
    },
    offeredTotp: async (account) => {
      const row = await db
        .selectFrom('credentials')
        .select('totp_pending')
        .where('account', '=', account)
        .executeTakeFirst();
      return row?.totp_pending ?? undefined;
    },
    confirmTotp: (account, step, recoveryCodes) =>
      atomically(db, async (tx) => {
        await tx
          .updateTable('credentials')
          .set((at) => ({ totp: at.ref('totp_pending'), totp_pending: null, totp_step: step }))
          .where('account', '=', account)
          .execute();
        await tx.deleteFrom('recovery_codes').where('account', '=', account).execute();
        await tx
          .insertInto('recovery_codes')
          .values(recoveryCodes.map((code) => ({ account, hash: hashSecret(code), used_at: null })))
          .execute();
        await tell(tx, account, 'account.totp');
      }),
    removeTotp: (account) =>
      atomically(db, async (tx) => {
        await put(tx, account, { totp: null, totp_pending: null });
        await tx.deleteFrom('recovery_codes').where('account', '=', account).execute();
        await tell(tx, account, 'account.totp-removed');
      }),
    sealed: async () =>
      (
        await db
          .selectFrom('credentials')
          .select(['account', 'totp', 'totp_pending'])
          .where((at) => at.or([at('totp', 'is not', null), at('totp_pending', 'is not', null)]))
          .orderBy('account')
          .forUpdate()
          .execute()
      ).map(({ account, totp, totp_pending: pending }) => ({ account, totp, pending })),
    reseal: async (account, { totp, pending }) => {
      await db.updateTable('credentials').set({ totp, totp_pending: pending }).where('account', '=', account).execute();
    },
    useStep: async (account, step) => {
      const done = await db
        .updateTable('credentials')
        .set({ totp_step: step })
        .where('account', '=', account)
        .where((at) => at.or([at('totp_step', 'is', null), at('totp_step', '<', step)]))
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },
    useRecoveryCode: (account, code) =>
      atomically(db, async (tx) => {
        const done = await tx
          .updateTable('recovery_codes')
          .set({ used_at: clock.now() })
          .where('account', '=', account)
          .where('hash', '=', hashSecret(code))
          .where('used_at', 'is', null)
          .executeTakeFirst();
        const used = done.numUpdatedRows === 1n;
        if (used) await tell(tx, account, 'account.recovery-code');
        return used;
      }),
    recoveryCodesLeft: async (account) => {
      const row = await db
        .selectFrom('recovery_codes')
        .select((at) => at.fn.countAll<number>().as('count'))
        .where('account', '=', account)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      return row?.count ?? 0;
    },
    reset: (account, by) =>
      atomically(db, async (tx) => {
        await endOf(tx, account);
        await auditIn(tx).append({ actor: by, action: 'account.reset', subject: account, detail: {} });
      }),
    signedIn: async (account, source) => {
      const last_at = clock.now();
      await db
        .insertInto('login_sources')
        .values({ account, source, last_at })
        .onConflict((conflict) => conflict.columns(['account', 'source']).doUpdateSet({ last_at }))
        .execute();
    },
    isKnownSource: async (account, source) => {
      const row = await db
        .selectFrom('login_sources')
        .select('last_at')
        .where('account', '=', account)
        .where('source', '=', source)
        .where('last_at', '>', clock.now() - rememberMs)
        .executeTakeFirst();
      return row !== undefined;
    },
    sweep: async () => {
      await db
        .deleteFrom('login_sources')
        .where('last_at', '<', clock.now() - rememberMs)
        .execute();
    },
  };
}

/** Everything that lets a person in, but for tokens. */
export async function endOf(tx: Database, account: string): Promise<void> {
  await tx.deleteFrom('sessions').where('account', '=', account).execute();
  await tx.deleteFrom('login_links').where('account', '=', account).execute();
  await tx.deleteFrom('recovery_codes').where('account', '=', account).execute();
  await tx.deleteFrom('login_sources').where('account', '=', account).execute();
  await tx.deleteFrom('credentials').where('account', '=', account).execute();
}
