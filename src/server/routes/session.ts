import { z } from 'zod';
import {
  AccountName,
  LoginLink,
  LoginRequest,
  TokenCreated,
  TokenRequest,
  TokenRevocation,
  WhoAmI,
} from '../api/session.js';
import { requirePermission } from '../auth/access.js';
import { ofToken, programRole } from '../auth/roles.js';
import { sessionMs, signIn } from '../auth/sign-in.js';
import { sourceOf } from '../auth/throttle.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { readCookie, sessionCookie, writeCookie } from '../http/cookies.js';
import { rateLimit } from '../http/rate-limit.js';
import { type Route, route } from '../http/route.js';
import { checkName, linkFor, redeem } from '../people.js';
import { handOver, whoAmI } from './opened-session.js';

const linkMs = 15 * 60_000;
const limiters = new WeakMap<Context, ReturnType<typeof rateLimit>>();

export const sessionRoutes: readonly Route<Context>[] = [
  route({
    method: 'POST',
    path: '/v1/login',
    body: LoginRequest,
    answer: WhoAmI,
    handle: async ({ body, context, request, reply }) => {
      const source = sourceOf(request.ip);
      const opened = 'token' in body ? await byLink(context, body, source) : await signIn(context, body, source);
      return handOver(context, opened, reply);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/logout',
    answer: z.strictObject({ ok: z.literal(true) }),
    handle: async ({ context, request, reply }) => {
      const cookie = readCookie(request.headers.cookie, sessionCookie);
      if (cookie !== undefined) await context.store.accounts.endSession(cookie);
      void reply.header('set-cookie', writeCookie(sessionCookie, '', 0));
      return { ok: true as const };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/whoami',
    answer: WhoAmI,
    handle: async ({ context, actor }) => whoAmI(context, actor),
  }),
  route({
    method: 'POST',
    path: '/v1/tokens',
    body: TokenRequest,
    answer: TokenCreated,
    handle: async ({ body, context, actor }) => {
      const account = body.account ?? actor.account;
      if (account !== actor.account) {
        requirePermission(actor, 'people.manage');
        checkName(account);
      }
      const ttlMs = body.ttlSeconds * 1_000;
      const token = await context.store.transaction(async ({ accounts, people }) => {
        const known = await accounts.get(account);
        if (known === undefined) await people.add(account, programRole, actor.account);
        const role = known?.role ?? programRole;
        // In a person's name only that person acts.
        if (account !== actor.account && role !== programRole)
          throw new ServerError('forbidden', `\`${account}\` is a person: only they make tokens of their own`);
        // Nobody hands out what they do not have.
        for (const permission of ofToken(body.scopes, role)) requirePermission(actor, permission);
        const { name, scopes, where } = body;
        return accounts.createToken({ name, account, scopes, where, ttlMs }, actor.account);
      });
      return { id: body.name, token, scopes: body.scopes, expiresAt: context.clock.now() + ttlMs };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/tokens/:id/revoke',
    params: z.strictObject({ id: z.string().max(64) }),
    body: TokenRevocation,
    answer: z.strictObject({ revoked: z.boolean() }),
    handle: async ({ params, body, context: { store }, actor }) => {
      const account = body.account ?? actor.account;
      if (account !== actor.account) requirePermission(actor, 'people.manage');
      return { revoked: await store.accounts.revokeToken(account, params.id, actor.account) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/login-links',
    body: z.strictObject({ account: AccountName.optional() }),
    answer: LoginLink,
    handle: async ({ body, context, actor }) => {
      if (body.account !== undefined) checkName(body.account);
      return context.store.transaction((tx) => linkFor(tx, context, body.account, linkMs, actor.account));
    },
  }),
];

/** A link is always looked at, so that guesses of others cannot keep its owner out; only what guesses are told changes. */
async function byLink(
  context: Context,
  body: { readonly token: string; readonly name: string },
  source: string,
): ReturnType<typeof signIn> {
  checkName(body.name);
  const opened = await context.store.transaction((tx) => redeem(tx, body, sessionMs, source));
  if (opened !== undefined) return opened;
  if (!limiterOf(context).take(source))
    throw new ServerError('rate-limited', 'too many attempts to sign in', { waitMs: 60_000, hint: 'wait a minute' });
  throw new ServerError('unauthenticated', 'this login link is used, too old or unknown', {
    hint: '`tricordon up` prints a fresh one; an administrator makes one with `tricordon user link NAME`',
  });
}

/** Of one source. */
export const linkRate = { burst: 10, perMinute: 10 } as const;

function limiterOf(context: Context): ReturnType<typeof rateLimit> {
  const known = limiters.get(context) ?? rateLimit({ clock: context.clock, ...linkRate });
  limiters.set(context, known);
  return known;
}
