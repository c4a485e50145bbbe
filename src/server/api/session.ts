import { z } from 'zod';
import { Labels } from '../../model/index.js';
import { permissions } from '../auth/roles.js';
import { Scope, Time } from './common.js';

/** A person's or a program's name in the audit trail. */
export const AccountName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._'-]*$/u, "letters, digits, space, . _ ' -");

/** `POST /v1/login`: trades the one-time token of a login link, or name and password, for a session cookie. */
export const LoginRequest = z.union([
  z.strictObject({
    token: z.string().min(20).max(200),
    /** Who is signing in; the first link makes a named administrator. */
    name: AccountName,
  }),
  z.strictObject({
    name: AccountName,
    password: z.string().min(1).max(256),
    /** Of the authenticator, or a recovery code; ignored by accounts without a second factor. */
    code: z.string().min(1).max(64).optional(),
  }),
]);

/** `GET /v1/whoami`, and the answer to a login. */
export const WhoAmI = z.strictObject({
  account: z.string(),
  kind: z.enum(['session', 'token']),
  role: z.string(),
  /** What counts for every service. */
  permissions: z.array(z.enum(permissions)),
  /** What counts for services with these labels alone. */
  within: z.array(z.strictObject({ permissions: z.array(z.enum(permissions)), where: Labels })),
  /** The bundles of permissions that are held in full, everywhere. */
  scopes: z.array(Scope),
  /** To be sent as `x-csrf-token` with everything that changes something; null for bearer tokens. */
  csrf: z.string().nullable(),
  expiresAt: Time.nullable(),
  instance: z.string(),
  trustDomain: z.string(),
  version: z.string(),
});

/** `POST /v1/tokens`: a token for a program or the CLI. */
export const TokenRequest = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  /** Whose doings these are in the audit trail; default: the caller's own. */
  account: AccountName.optional(),
  scopes: z.array(Scope).min(1).max(4),
  /** For services with these labels alone; none: for whatever its account may. */
  where: Labels.default({}),
  ttlSeconds: z
    .int()
    .min(60)
    .max(366 * 86_400)
    .default(30 * 86_400),
});
/** The only time the token is shown. */
export const TokenCreated = z.strictObject({
  id: z.string(),
  token: z.string(),
  scopes: z.array(Scope),
  expiresAt: Time,
});

/** `POST /v1/tokens/:id/revoke`: the caller's own, or that of an account. */
export const TokenRevocation = z.strictObject({ account: AccountName.optional() });

/** `POST /v1/login-links`: a further one-time login link. */
export const LoginLink = z.strictObject({ url: z.string(), expiresAt: Time });
