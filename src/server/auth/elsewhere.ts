/**
 * A session counts from the network address it was opened from. Seen at another one, its cookie is in other hands or its
 * owner has moved, and nobody here can tell which: it ends, and whoever knows the password signs in again.
 */
import { printable } from '../../base/index.js';
import type { FoundSession } from '../../store/index.js';
import type { Context } from '../context.js';

export async function endElsewhere(
  { store, clock, log, mailer, addresses }: Pick<Context, 'store' | 'clock' | 'log' | 'mailer' | 'addresses'>,
  cookie: string,
  session: FoundSession,
  seenFrom: string,
): Promise<void> {
  const { account } = session;
  const openedFrom = session.source ?? 'somewhere';
  // Told once, however many requests come with it.
  if (!(await store.accounts.endElsewhere(cookie, seenFrom))) return;
  log.warn({ account: printable(account, 64), openedFrom, seenFrom }, 'session used from elsewhere, and ended');
  mailer.send(
    `[Tricordon] session of ${printable(account, 64)} used from elsewhere`,
    [
      `A session that ${printable(account, 64)} opened from ${openedFrom} was used from ${seenFrom}.`,
      'It was refused, and the session has ended.',
      '',
      `At:      ${new Date(clock.now()).toISOString()}`,
      'If that was not the same person in another network, the cookie was stolen: change the password.',
      `Console: ${addresses.consoleUrl}`,
    ].join('\n'),
  );
}
