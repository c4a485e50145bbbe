/** What is one's own: password, second factor, sessions and tokens. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  AccountAnswer,
  PasswordRequest,
  RecoveryCodes,
  SessionsAnswer,
  TokensAnswer,
  TotpConfirm,
  TotpOffer,
  TotpRequest,
} from '../api/people.js';
import { WhoAmI } from '../api/session.js';
import { type Actor, requirePermission } from '../auth/access.js';
import { type Proof, prove, recoveryText, sessionMs, totpPlace } from '../auth/sign-in.js';
import { sourceOf } from '../auth/throttle.js';
import { base32, stepOf, totpUri } from '../auth/totp.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { type Route, route } from '../http/route.js';
import { handOver } from './opened-session.js';

const Done = z.strictObject({ ok: z.literal(true) });
const Whose = z.strictObject({ all: z.enum(['true', 'false']).optional() });
const recoveryCodeCount = 10;

export const ownRoutes: readonly Route<Context>[] = [
  route({
    method: 'POST',
    path: '/v1/password',
    body: PasswordRequest,
    answer: WhoAmI,
    handle: async ({ body, context, actor, request, reply }) => {
      onlyPeople(actor);
      const kept = await context.store.credentials.of(actor.account);
      if (actor.account.length > 3 && body.password.toLowerCase().includes(actor.account.toLowerCase()))
        throw new ServerError('invalid', 'the password contains the name of its account');
      if (kept?.password !== undefined) {
        const { code, current } = body;
        if (current === undefined) throw new ServerError('invalid', 'say the current password too');
        await proveAgain(context, { name: actor.account, password: current, code }, request.ip);
      }
      const hash = await context.passwords.hash(body.password);
      // A cookie that somebody else has too does not outlive the password.
      const opened = await context.store.transaction(async ({ accounts, credentials }) => {
        await credentials.setPassword(actor.account, hash);
        return accounts.openSession(actor.account, sessionMs, sourceOf(request.ip));
      });
      return handOver(context, opened, reply);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/totp',
    body: TotpRequest,
    answer: TotpOffer,
    handle: async ({ body, context, actor, request }) => {
      onlyPeople(actor);
      await proveAgain(context, { name: actor.account, ...body }, request.ip);
      const secret = randomBytes(20);
      await context.store.credentials.offerTotp(actor.account, context.sealer.seal(secret, totpPlace(actor.account)));
      const issuer = `Tricordon ${context.config.instance}`;
      return { secret: base32(secret), uri: totpUri(secret, actor.account, issuer) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/totp/confirm',
    body: TotpConfirm,
    answer: RecoveryCodes,
    handle: async ({ body, context, actor }) => {
      onlyPeople(actor);
      const sealed = await context.store.credentials.offeredTotp(actor.account);
      const secret = sealed === undefined ? undefined : context.sealer.open(sealed, totpPlace(actor.account));
      if (secret === undefined) throw new ServerError('conflict', 'no second factor was offered');
      const step = stepOf(secret, body.code, context.clock.now());
      if (step === undefined)
        throw new ServerError('invalid', 'this code does not fit', {
          hint: 'look whether the clocks of this server and of your device agree, and type the newest code',
        });
      const codes = Array.from({ length: recoveryCodeCount }, () => base32(randomBytes(10)));
      await context.store.credentials.confirmTotp(actor.account, step, codes.map(recoveryText));
      return { recoveryCodes: codes.map((code) => code.replace(/(.{4})(?=.)/g, '$1-')) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/totp/remove',
    body: TotpRequest,
    answer: Done,
    handle: async ({ body, context, actor, request }) => {
      onlyPeople(actor);
      await proveAgain(context, { name: actor.account, ...body }, request.ip);
      await context.store.credentials.removeTotp(actor.account);
      return { ok: true as const };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/account',
    answer: AccountAnswer,
    handle: async ({ context: { store }, actor: { account } }) => {
      const [kept, recoveryCodes] = await Promise.all([
        store.credentials.of(account),
        store.credentials.recoveryCodesLeft(account),
      ]);
      return { account, hasPassword: kept?.password !== undefined, hasTotp: kept?.totp !== undefined, recoveryCodes };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sessions',
    query: Whose,
    answer: SessionsAnswer,
    handle: async ({ query, context: { store }, actor }) => ({
      sessions: (await store.accounts.sessions(whose(actor, query.all))).map((session) => ({
        ...session,
        current: actor.kind === 'session' && session.id === actor.id,
      })),
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/:id/revoke',
    params: z.strictObject({ id: z.string().max(64) }),
    answer: z.strictObject({ revoked: z.boolean() }),
    handle: async ({ params, context: { store }, actor }) => {
      const account = actor.permissions.has('people.manage') ? undefined : actor.account;
      return { revoked: await store.accounts.revokeSession(params.id, account, actor.account) };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/tokens',
    query: Whose,
    answer: TokensAnswer,
    handle: async ({ query, context: { store }, actor }) => {
      const account = whose(actor, query.all);
      const tokens = (await store.accounts.tokens()).filter(
        (token) => account === undefined || token.account === account,
      );
      return {
        tokens: tokens.map(({ role: _role, grants: _grants, scopes, ...token }) => ({ ...token, scopes: [...scopes] })),
      };
    },
  }),
];

/** Undefined: everybody. */
function whose(actor: Actor, all: string | undefined): string | undefined {
  if (all !== 'true') return actor.account;
  requirePermission(actor, 'people.manage');
  return undefined;
}

/** With a stolen token nobody changes what its owner signs in with. */
function onlyPeople(actor: Actor): void {
  if (actor.kind === 'session') return;
  throw new ServerError('forbidden', 'this needs a session: a token does not do', { hint: 'sign in: tricordon login' });
}

/** A stolen session guesses no faster than a stranger. */
async function proveAgain(context: Context, proof: Proof, ip: string): Promise<void> {
  await prove(context, proof, { account: proof.name.toLowerCase(), source: sourceOf(ip), known: true });
}
