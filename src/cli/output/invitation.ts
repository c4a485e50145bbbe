import { grantText } from '../labels.js';
import { printable, systemClock } from '../../base/index.js';
import type { PersonLink } from '../../server/index.js';

/** A one-time link, and the command that uses it without showing it in a list of processes. */
export function invitation(link: PersonLink): string {
  const minutes = Math.round((link.expiresAt - systemClock.now()) / 60_000);
  const until = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  const name = `'${link.account.replaceAll("'", "'\\''")}'`;
  return [
    `${printable(link.account, 64)} (${link.where === undefined ? link.role : grantText(link.role, link.where)}) signs in with this link, once, within ${until}:`,
    `  ${link.url}`,
    'In a browser, or with this command, which asks for it:',
    `  tricordon login ${new URL(link.url).origin} --name ${name} --ca-fingerprint ${link.fingerprint} --link`,
  ].join('\n');
}
