/** Who is asking: a bearer token or a session cookie, looked up by hash. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from '../../store/index.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { readCookie, sessionCookie } from '../http/cookies.js';
import type { Actor } from './access.js';
import { endElsewhere } from './elsewhere.js';
import { heldByPerson, heldByToken } from './limits.js';
import { sourceOf } from './throttle.js';

/** The value a session must repeat in `x-csrf-token`: derived, so it cannot be planted, and it does not give the cookie away. */
export function csrfOf(cookie: string): string {
  return createHash('sha256').update(`csrf:${cookie}`).digest('base64url');
}

/** @throws ServerError `unauthenticated` */
export async function authenticate(
  context: Pick<Context, 'store' | 'config' | 'clock' | 'log' | 'mailer' | 'addresses'>,
  { headers, ip }: { readonly headers: IncomingHttpHeaders; readonly ip: string },
): Promise<Actor> {
  const { store } = context;
  if (headers.authorization !== undefined) return bearer(store, headers.authorization);
  const cookie = readCookie(headers.cookie, sessionCookie);
  if (cookie === undefined) throw unauthenticated();
  const session = await store.accounts.session(cookie);
  if (session === undefined) throw unauthenticated();
  const source = sourceOf(ip);
  if (context.config.bindSessions && session.source !== null && session.source !== source) {
    await endElsewhere(context, cookie, session, source);
    throw unauthenticated();
  }
  return {
    account: session.account,
    kind: 'session',
    id: createHash('sha256').update(cookie).digest('hex').slice(0, 12),
    role: session.role,
    ...heldByPerson(session),
    csrf: csrfOf(cookie),
    expiresAt: session.expiresAt,
  };
}

async function bearer(store: Pick<Store, 'accounts'>, header: string): Promise<Actor> {
  const secret = /^Bearer ([A-Za-z0-9._~+/=-]{20,200})$/.exec(header)?.[1];
  if (secret === undefined) throw unauthenticated();
  const token = await store.accounts.token(secret);
  if (token === undefined) throw unauthenticated();
  return {
    account: token.account,
    kind: 'token',
    id: token.name,
    role: token.role,
    ...heldByToken(token),
    csrf: null,
    expiresAt: token.expiresAt,
  };
}

/** One answer for absent, wrong, expired and revoked: nothing to learn from it. */
export function unauthenticated(): ServerError {
  return new ServerError('unauthenticated', 'sign in first', {
    hint: '`tricordon login`, or open a fresh login link (`tricordon up` prints one), or send `Authorization: Bearer`',
  });
}
