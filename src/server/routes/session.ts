import { createHash } from 'node:crypto';
import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import {
  AccountName,
  LoginLink,
  LoginRequest,
  TokenCreated,
  TokenRequest,
  TokenRevocation,
  WhoAmI,
} from '../api/session.js';
import { type Actor, requirePermission } from '../auth/access.js';
import { csrfOf, sessionMs } from '../auth/authenticate.js';
import { ofRole, ofToken, programRole, scopesOf } from '../auth/roles.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { readCookie, sessionCookie, writeCookie } from '../http/cookies.js';
import { rateLimit } from '../http/rate-limit.js';
import { type Route, route } from '../http/route.js';

/** The account of login links whose user is not named yet; nobody can sign in as it. */
const unnamed = 'login link';
const linkMs = 15 * 60_000;
const limiters = new WeakMap<Context, ReturnType<typeof rateLimit>>();

export const sessionRoutes: readonly Route<Context>[] = [
  route({
    method: 'POST',
    path: '/v1/login',
    body: LoginRequest,
    answer: WhoAmI,
    handle: async ({ body, context, request, reply }) => {
      // Per address and for all together: 256-bit tokens are not guessed, but the log and the database stay calm.
      if (!limiterOf(context).take(request.ip) || !limiterOf(context).take('everyone')) {
        throw new ServerError('rate-limited', 'too many attempts to sign in', { hint: 'wait a minute' });
      }
      if (body.name.toLowerCase() === unnamed) throw new ServerError('invalid', 'this name is taken');
      const opened = await context.store.transaction(async ({ accounts }) => {
        const redeemed = await accounts.redeemLoginLink(body.token, sessionMs);
        if (redeemed === undefined) return undefined;
        if (redeemed.session.account !== unnamed) return redeemed;
        // INVARIANT: the administrator has a name before there is a session. The link is used up either way.
        await accounts.endSession(redeemed.cookie);
        await accounts.ensure(body.name, 'administrator', unnamed);
        const own = await accounts.createLoginLink(body.name, 60_000, unnamed);
        return accounts.redeemLoginLink(own, sessionMs);
      });
      if (opened === undefined) {
        throw new ServerError('unauthenticated', 'this login link is used, too old or unknown', {
          hint: '`tricordon up` prints a fresh one',
        });
      }
      void reply.header('set-cookie', writeCookie(sessionCookie, opened.cookie, sessionMs / 1_000));
      return whoAmI(context, {
        account: opened.session.account,
        kind: 'session',
        id: createHash('sha256').update(opened.cookie).digest('hex').slice(0, 12),
        role: opened.session.role,
        permissions: ofRole(opened.session.role),
        csrf: csrfOf(opened.cookie),
        expiresAt: opened.session.expiresAt,
      });
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
      if (account !== actor.account) requirePermission(actor, 'people.manage');
      const ttlMs = body.ttlSeconds * 1_000;
      const token = await context.store.transaction(async ({ accounts }) => {
        const { role } = await accounts.ensure(account, programRole, actor.account);
        // In a person's name only that person acts.
        if (account !== actor.account && role !== programRole)
          throw new ServerError('forbidden', `\`${account}\` is a person: only they make tokens of their own`);
        // Nobody hands out what they do not have.
        for (const permission of ofToken(body.scopes, role)) requirePermission(actor, permission);
        return accounts.createToken({ name: body.name, account, scopes: body.scopes, ttlMs }, actor.account);
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
      const secret = await context.store
        .transaction(async ({ accounts }) => {
          if (body.account === undefined) await accounts.ensure(unnamed, 'none', actor.account);
          return accounts.createLoginLink(body.account ?? unnamed, linkMs, actor.account);
        })
        .catch((error: unknown) => {
          if (codeOf(error) === 'not-found') throw new ServerError('not-found', 'there is no such account');
          throw error;
        });
      // In the fragment: browsers never send it, so it reaches no server log.
      return { url: `${context.addresses.consoleUrl}/login#${secret}`, expiresAt: context.clock.now() + linkMs };
    },
  }),
];

function whoAmI(context: Context, actor: Actor): z.input<typeof WhoAmI> {
  return {
    account: actor.account,
    kind: actor.kind,
    role: actor.role,
    permissions: [...actor.permissions],
    scopes: scopesOf(actor.permissions),
    csrf: actor.csrf,
    expiresAt: actor.expiresAt,
    instance: context.config.instance,
    trustDomain: context.config.trustDomain,
    version: context.version,
  };
}

function limiterOf(context: Context): ReturnType<typeof rateLimit> {
  const known = limiters.get(context) ?? rateLimit({ clock: context.clock, burst: 10, perMinute: 10 });
  limiters.set(context, known);
  return known;
}
