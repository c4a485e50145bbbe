/** Signing in with name, password and second factor; and proving a password again before it or the factor changes. */
import { printable } from '../../base/index.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { stepOf } from './totp.js';

export const sessionMs = 12 * 3_600_000;

type Parts = Pick<Context, 'store' | 'clock' | 'log' | 'passwords' | 'sealer' | 'throttle'>;
export interface Proof {
  readonly name: string;
  readonly password: string;
  /** Of the authenticator, or one of the recovery codes; left out when there is no second factor. */
  readonly code?: string | undefined;
}

/** Opens a session. @throws ServerError `unauthenticated`, the same whatever is wrong; `rate-limited` */
export async function signIn(parts: Parts, given: Proof, source: string): ReturnType<Opened> {
  const known = await parts.store.credentials.isKnownSource(given.name, source);
  const attempt = { account: given.name.toLowerCase(), source, known };
  await prove(parts, given, attempt);
  return parts.store.transaction(async ({ accounts, credentials }) => {
    await credentials.signedIn(given.name, source);
    return accounts.openSession(given.name, sessionMs, source);
  });
}
type Opened = Context['store']['accounts']['openSession'];

/** @throws ServerError `unauthenticated` or `rate-limited` */
export async function prove(
  parts: Parts,
  { name, password, code }: Proof,
  attempt: { account: string; source: string; known: boolean },
): Promise<void> {
  const wait = parts.throttle.take(attempt);
  if (wait > 0) {
    throw new ServerError('rate-limited', 'too many attempts to sign in', {
      waitMs: wait,
      hint: `wait ${Math.ceil(wait / 1_000)} s, or ask an administrator for a one-time link: tricordon user link NAME`,
    });
  }
  const kept = await parts.store.credentials.of(name);
  const right = await parts.passwords.verify(password, kept?.password);
  // A code is looked at, and used up, only with the right password: nobody burns the codes of another.
  if (right && kept !== undefined && (await secondFactor(parts, name, kept.totp, code))) {
    parts.throttle.succeeded(attempt);
    return;
  }
  // A name that nobody has may be a password in the wrong field.
  const account = kept === undefined ? null : printable(name, 64);
  parts.log.warn({ account, source: attempt.source }, 'sign-in refused');
  throw new ServerError('unauthenticated', 'name, password or code is wrong', {
    hint: 'a code counts once: wait for the next; an administrator can make a one-time link with `tricordon user link NAME`',
  });
}

async function secondFactor(
  { store, sealer, clock, log }: Parts,
  account: string,
  sealed: string | undefined,
  code: string | undefined,
): Promise<boolean> {
  if (sealed === undefined) return true;
  if (code === undefined) return false;
  if (!/^[0-9]{6}$/.test(code)) return store.credentials.useRecoveryCode(account, recoveryText(code));
  const secret = sealer.open(sealed, totpPlace(account));
  if (secret === undefined) {
    log.error({ account: printable(account, 64) }, 'the second factor of an account does not open with our key');
    return false;
  }
  const step = stepOf(secret, code, clock.now());
  return step !== undefined && store.credentials.useStep(account, step);
}

/** Where a sealed second factor belongs. */
export function totpPlace(account: string): string {
  return `totp/${account}`;
}

/** As they are typed: with or without dashes, in any case. */
export function recoveryText(code: string): string {
  return code.replace(/[\s-]/g, '').toUpperCase();
}
