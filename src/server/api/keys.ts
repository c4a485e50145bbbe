import { z } from 'zod';
import { Time } from './common.js';

/** `POST /v1/keys/evidence/rotate`: what signs from here on. */
export const EvidenceKeyRotated = z.strictObject({
  /** SHA-256 over the SubjectPublicKeyInfo, hex. */
  id: z.string(),
  publicKey: z.string(),
  since: Time,
  /** Public keys of before, which still verify what they signed. */
  older: z.int(),
});
/** `POST /v1/keys/console/rotate`: what the console shows from here on. */
export const ConsoleKeyRotated = z.strictObject({
  /** SHA-256 of the certificate, as browsers show it. */
  fingerprint: z.string(),
  notAfter: Time,
});
/** `POST /v1/keys/people/rotate`. */
export const PeopleKeyRotated = z.strictObject({
  /** Second factors that are sealed under the new key. */
  resealed: z.int(),
  /** Accounts whose second factor opens with no key of ours. */
  unreadable: z.array(z.string()),
});
