import { z } from 'zod';
import { Time } from './common.js';

/** `GET /v1/audit`: newest first. One answer looks at the next 20,000 entries at most, so it may be empty and go on. */
export const AuditQuery = z.strictObject({
  /** `next` of the answer before. */
  before: z.coerce.number().int().min(1).optional(),
  actor: z.string().max(300).optional(),
  /** One action, or with a full stop at its end all of a noun: `contract.`. */
  action: z.string().max(300).optional(),
  subject: z.string().max(300).optional(),
  /** Stands anywhere in the entry, in whatever case. */
  text: z.string().min(1).max(300).optional(),
  since: z.coerce.number().optional(),
  until: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});
export const AuditAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({
      sequence: z.int(),
      at: Time,
      actor: z.string(),
      action: z.string(),
      subject: z.string(),
      detail: z.record(z.string(), z.unknown()),
      hash: z.string(),
    }),
  ),
  /** Give it as `before` to search on; null: the beginning was reached. */
  next: z.int().nullable(),
});
/** `GET /v1/audit/verify`. */
export const AuditVerified = z.strictObject({
  ok: z.boolean(),
  length: z.int(),
  head: z.string(),
  brokenAt: z.int().nullable(),
  reason: z.string().nullable(),
  /** The entry up to which a signed checkpoint outside of the database confirms the trail; null: there is none. */
  signedUpTo: z.int().nullable(),
});
