/** What whoever gets a new session is told, and the cookie that goes with it. */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { Session } from '../../store/index.js';
import type { WhoAmI } from '../api/session.js';
import type { Actor } from '../auth/access.js';
import { csrfOf } from '../auth/authenticate.js';
import { heldByPerson } from '../auth/limits.js';
import { scopesOf } from '../auth/roles.js';
import { sessionMs } from '../auth/sign-in.js';
import type { Context } from '../context.js';
import { sessionCookie, writeCookie } from '../http/cookies.js';

export function handOver(
  context: Context,
  { cookie, session }: { readonly cookie: string; readonly session: Session },
  reply: FastifyReply,
): z.input<typeof WhoAmI> {
  void reply.header('set-cookie', writeCookie(sessionCookie, cookie, sessionMs / 1_000));
  return whoAmI(context, {
    account: session.account,
    kind: 'session',
    id: createHash('sha256').update(cookie).digest('hex').slice(0, 12),
    role: session.role,
    ...heldByPerson(session),
    csrf: csrfOf(cookie),
    expiresAt: session.expiresAt,
  });
}

export function whoAmI(context: Context, actor: Actor): z.input<typeof WhoAmI> {
  return {
    account: actor.account,
    kind: actor.kind,
    role: actor.role,
    permissions: [...actor.permissions],
    within: actor.within.map(({ permissions, where }) => ({ permissions: [...permissions], where: { ...where } })),
    scopes: scopesOf(actor.permissions),
    csrf: actor.csrf,
    expiresAt: actor.expiresAt,
    instance: context.config.instance,
    trustDomain: context.config.trustDomain,
    version: context.version,
  };
}
