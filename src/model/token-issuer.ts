/** Who vouches for users: an identity provider whose tokens count, and the public keys they are verified with. */
import { z } from 'zod';

const Base64Url = z
  .string()
  .max(2_048)
  .regex(/^[A-Za-z0-9_-]+$/, 'is not base64url');

/** The public part of a JSON Web Key (RFC 7517) with which signatures are made; private members are taken by nothing. */
export const VerificationKey = z.discriminatedUnion('kty', [
  z.object({
    kty: z.literal('RSA'),
    n: Base64Url,
    e: Base64Url.max(16),
    kid: z.string().max(512).optional(),
    alg: z.string().max(32).optional(),
  }),
  z.object({
    kty: z.literal('EC'),
    crv: z.enum(['P-256', 'P-384', 'P-521']),
    x: Base64Url,
    y: Base64Url,
    kid: z.string().max(512).optional(),
    alg: z.string().max(32).optional(),
  }),
  z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: Base64Url,
    kid: z.string().max(512).optional(),
    alg: z.string().max(32).optional(),
  }),
]);
export type VerificationKey = z.infer<typeof VerificationKey>;

export const TokenIssuer = z.strictObject({
  /** As the claim `iss` says it, letter by letter. */
  issuer: z.string().min(1).max(512),
  /** A token is for one of these (`aud`). */
  audiences: z.array(z.string().min(1).max(512)).min(1).max(16),
  keys: z.array(VerificationKey).max(64),
});
export type TokenIssuer = z.infer<typeof TokenIssuer>;
