import { z } from 'zod';
import { Grant, Labels } from '../../model/index.js';
import { limitedRole, permissions, roleNames } from '../auth/roles.js';
import { Time } from './common.js';
import { AccountName, LoginLink } from './session.js';

const Role = z.enum(roleNames);
/** Counts only for services with all of these labels, of which there is at least one. */
const Where = Grant.shape.where;

/** `GET /v1/people`. */
export const PeopleAnswer = z.strictObject({
  people: z.array(
    z.strictObject({
      name: z.string(),
      /** Counts everywhere; `limited`: nothing does. */
      role: z.string(),
      grants: z.array(Grant),
      state: z.enum(['active', 'disabled']),
      createdAt: Time,
      hasPassword: z.boolean(),
      hasTotp: z.boolean(),
    }),
  ),
});

/** `POST /v1/people`: a new person, with the least role unless told otherwise; with `where` for those services alone. */
export const InviteRequest = z.strictObject({
  name: AccountName,
  role: Role.default('viewer'),
  where: Where.optional(),
});

/** `POST /v1/people/:name/change`. */
export const PersonChange = z.discriminatedUnion('change', [
  z.strictObject({ change: z.literal('role'), role: z.enum([...roleNames, limitedRole]) }),
  z.strictObject({ change: z.literal('grant'), role: Role, where: Where }),
  z.strictObject({ change: z.literal('ungrant'), where: Where }),
  z.strictObject({ change: z.enum(['disable', 'enable', 'remove']) }),
]);

/** A one-time link, and the fingerprint by which whoever gets it knows the control plane. */
export const PersonLink = LoginLink.extend({
  account: z.string(),
  role: z.string(),
  /** When the role counts only for services with these labels. */
  where: Where.optional(),
  fingerprint: z.string(),
});

/** `GET /v1/roles`: who may do what, as the control plane decides it. */
export const RolesAnswer = z.strictObject({
  /** Least first. */
  roles: z.array(z.strictObject({ role: Role, permissions: z.array(z.enum(permissions)) })),
  permissions: z.array(
    z.strictObject({
      permission: z.enum(permissions),
      text: z.string(),
      /** Counts also in a role that is limited to services with certain labels. */
      byLabel: z.boolean(),
    }),
  ),
});

/** `GET /v1/account`: how the caller signs in. */
export const AccountAnswer = z.strictObject({
  account: z.string(),
  hasPassword: z.boolean(),
  hasTotp: z.boolean(),
  /** That were not used yet. */
  recoveryCodes: z.int(),
});

/** Long rather than complicated (NIST SP 800-63B section 5.1.1.2). */
const Password = z.string().min(12).max(256);
const GivenPassword = z.string().min(1).max(256);
const Code = z.string().min(1).max(64);

/** `POST /v1/password`: a first one, or another. All sessions end; the answer brings a new one. */
export const PasswordRequest = z.strictObject({
  current: GivenPassword.optional(),
  code: Code.optional(),
  password: Password,
});
/** `POST /v1/totp`: offers a second factor, in force when its first code came to `/v1/totp/confirm`. */
export const TotpRequest = z.strictObject({ password: GivenPassword, code: Code.optional() });
/** The only time the secret is shown. */
export const TotpOffer = z.strictObject({ secret: z.string(), uri: z.string() });
export const TotpConfirm = z.strictObject({ code: Code });
/** The only time they are shown; each counts once. */
export const RecoveryCodes = z.strictObject({ recoveryCodes: z.array(z.string()) });

/** `GET /v1/sessions`: the caller's own; with `all`, everybody's. */
export const SessionsAnswer = z.strictObject({
  sessions: z.array(
    z.strictObject({
      id: z.string(),
      account: z.string(),
      source: z.string().nullable(),
      createdAt: Time,
      expiresAt: Time,
      current: z.boolean(),
    }),
  ),
});
/** `GET /v1/tokens`: the caller's own; with `all`, everybody's. */
export const TokensAnswer = z.strictObject({
  tokens: z.array(
    z.strictObject({
      name: z.string(),
      account: z.string(),
      scopes: z.array(z.string()),
      where: Labels,
      expiresAt: Time.nullable(),
      lastUsedAt: Time.nullable(),
    }),
  ),
});
