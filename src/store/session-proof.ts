import { createHmac, timingSafeEqual } from 'node:crypto';

/** The CSRF token that belongs to a session cookie: derived, so nothing is stored and a reload finds it again. */
export function csrfToken(cookie: string): string {
  return createHmac('sha256', cookie).update('tricordon csrf').digest('base64url');
}

export function isCsrfToken(cookie: string, given: string): boolean {
  const wanted = Buffer.from(csrfToken(cookie));
  const got = Buffer.from(given);
  return wanted.length === got.length && timingSafeEqual(wanted, got);
}
