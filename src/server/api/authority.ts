import { z } from 'zod';
import { HostName } from '../../model/index.js';
import { Time } from './common.js';

/** SHA-256 of a root certificate, hex. */
const Fingerprint = z.string().regex(/^[0-9a-f]{64}$/);

/** `GET /v1/authority`: the roots of this trust domain, and the change of them. */
export const AuthorityAnswer = z.strictObject({
  now: Time,
  /** `announced`: a new root is trusted as well; `switched`: it signs, and the old one is trusted as well. */
  phase: z.enum(['none', 'announced', 'switched']),
  /** Who took the last step, and when; null: the root was never changed. */
  by: z.string().nullable(),
  since: Time.nullable(),
  /** How the last change ended; null while one is under way. */
  ended: z.enum(['finished', 'aborted']).nullable(),
  /** From then on nothing that the old root signed is valid, and it is dropped. */
  leavesEnd: Time.nullable(),
  roots: z.array(
    z.strictObject({
      fingerprint: Fingerprint,
      role: z.enum(['signing', 'next', 'old']),
      notAfter: Time,
      pem: z.string(),
    }),
  ),
  /** The one above the certificates of console and agents' door: what `--ca-fingerprint` takes. */
  shown: Fingerprint,
  hosts: z.array(
    z.strictObject({
      host: HostName,
      /** When its agent was last heard. */
      seenAt: Time.nullable(),
      /** Everything on it trusts the newest root. */
      trusts: z.boolean(),
      /** None of its certificates stands under another root. */
      moved: z.boolean(),
      /** It comes back with a new token only. */
      needsToken: z.boolean(),
    }),
  ),
  /** The hosts that the next step waits for. */
  waitsFor: z.array(HostName),
});

/** `POST /v1/authority/rotation`: answers as `GET /v1/authority`. */
export const RotationRequest = z.strictObject({
  step: z.enum(['begin', 'switch', 'finish', 'abort']),
  /** Also when hosts are not ready: those need a new token. */
  force: z.boolean().default(false),
});
