/** Names that people may have, and the links that let them in without a password. */
import { codeOf } from '../base/index.js';
import type { Repositories } from '../store/index.js';
import { programRole } from './auth/roles.js';
import type { Context } from './context.js';
import { ServerError } from './errors.js';

/** The account of login links whose user is not named yet; nobody can sign in as it. */
export const unnamed = 'login link';

/** What the audit trail calls parts of ours. */
const ours = [unnamed, 'local operator', 'control plane', 'system', 'learning', 'nobody', 'tricordon'];

/** @throws ServerError `invalid` for a name that would speak for something else. */
export function checkName(name: string): void {
  if (ours.includes(name.toLowerCase())) throw new ServerError('invalid', 'this name is taken');
  // Full-width letters, ligatures and the like: two names that look alike would be two people.
  if (name !== name.normalize('NFKC'))
    throw new ServerError('invalid', 'write the name with plain letters', {
      hint: 'in Unicode normalisation form NFKC',
    });
}

/** A one-time link for a person, or for whoever names themselves with it (`undefined`). In the fragment: browsers never send it, so it reaches no server log. */
export async function linkFor(
  tx: Pick<Repositories, 'accounts'>,
  context: Pick<Context, 'addresses' | 'clock'>,
  account: string | undefined,
  ttlMs: number,
  by: string,
): Promise<{ url: string; expiresAt: number }> {
  const known = account === undefined ? await tx.accounts.ensure(unnamed, 'none', by) : await tx.accounts.get(account);
  if (known === undefined || known.role === programRole || known.state === 'removed')
    throw new ServerError('not-found', 'there is no such account', { hint: 'list people with `tricordon user list`' });
  const secret = await tx.accounts.createLoginLink(known.name, ttlMs, by).catch((error: unknown) => {
    if (codeOf(error) !== 'not-found') throw error;
    throw new ServerError('conflict', `the account \`${known.name}\` is disabled`, {
      hint: 'let it in again first: tricordon user enable NAME',
    });
  });
  return { url: `${context.addresses.consoleUrl}/login#${secret}`, expiresAt: context.clock.now() + ttlMs };
}

/** Signs in with a link; a link without a name makes, or is for, an administrator. Undefined: the link is no good. */
export async function redeem(
  { accounts, people, credentials }: Pick<Repositories, 'accounts' | 'people' | 'credentials'>,
  given: { readonly token: string; readonly name: string },
  sessionMs: number,
  source: string,
): ReturnType<Repositories['accounts']['redeemLoginLink']> {
  const redeemed = await accounts.redeemLoginLink(given.token, sessionMs, source);
  if (redeemed === undefined) return undefined;
  if (redeemed.session.account !== unnamed) {
    await credentials.signedIn(redeemed.session.account, source);
    return redeemed;
  }
  // INVARIANT: the administrator has a name before there is a session.
  await accounts.endSession(redeemed.cookie);
  const known = await accounts.get(given.name);
  if (known === undefined) await people.add(given.name, 'administrator', unnamed);
  else if (known.role !== 'administrator' || known.state !== 'active')
    throw new ServerError('conflict', `\`${given.name}\` is not an administrator`, {
      hint: 'this link is for administrators; it can still be used with another name',
    });
  await credentials.signedIn(given.name, source);
  return accounts.openSession(given.name, sessionMs, source);
}
