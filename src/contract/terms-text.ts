/** What a clause asks beside who and what, in words. */
import { predicateText, type Rate, type User } from '../model/index.js';
import type { Terms } from './compile/terms.js';

export function termsText({ user, where, until, mode }: Terms): readonly string[] {
  return [
    ...userText(user),
    ...(where === undefined ? [] : [`if ${where}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(mode === undefined ? [] : [`in mode ${mode}`]),
  ];
}

export function rateText(rate: Rate | undefined): readonly string[] {
  if (rate === undefined) return [];
  const each = rate.key === undefined ? '' : ` for each ${rate.key.join(' and ')}`;
  return [`at most ${rate.requests} in ${rate.per}${each}`];
}

function userText(user: User | undefined): readonly string[] {
  if (user === undefined || user === 'none') return [];
  const claims = Object.entries(user.claims ?? {}).map(([name, predicate]) => `${name} ${predicateText(predicate)}`);
  const issuer = user.issuer === undefined ? [] : [`issuer ${user.issuer}`];
  return [`with a user${[...issuer, ...claims].length === 0 ? '' : `: ${[...issuer, ...claims].join(', ')}`}`];
}
