import { z } from 'zod';
import { EvidenceManifest, ServiceName } from '../../model/index.js';
import { Time } from './common.js';

/** A key that signs evidence; `since` null: from the beginning, `until` null: it signs now. */
export const EvidenceKey = z.strictObject({
  /** SHA-256 over the SubjectPublicKeyInfo, hex. */
  id: z.string(),
  publicKey: z.string(),
  since: Time.nullable(),
  until: Time.nullable(),
});
/** `GET /v1/evidence-key`: the key that signs, and all there were, oldest first. */
export const EvidenceKeys = z.strictObject({ publicKey: z.string(), keys: z.array(EvidenceKey) });

export const EvidenceRow = z.strictObject({
  id: z.string(),
  incident: z.string().nullable(),
  service: ServiceName,
  workload: z.string(),
  host: z.string(),
  collectedAt: Time,
  files: z.int(),
  bytes: z.int(),
  missing: z.array(z.strictObject({ what: z.string(), reason: z.string() })),
  /** SHA-256 of the signed manifest. */
  manifestDigest: z.string(),
  /** Stays, whatever its age, until it is taken back; null: not pinned. */
  pin: z.strictObject({ at: Time, by: z.string(), reason: z.string() }).nullable(),
  /** Checked when this answer was made: `ok`, `broken` (with problems), or `not-checked` in lists. */
  verified: z.enum(['ok', 'broken', 'not-checked']),
  problems: z.array(z.string()),
});
/** `GET /v1/evidence`. */
export const EvidenceList = z.strictObject({ evidence: z.array(EvidenceRow) });
/** `GET /v1/evidence/:id`: with the manifest, verified now. */
export const EvidenceAnswer = z.strictObject({
  evidence: EvidenceRow,
  manifest: EvidenceManifest,
  /** The key that signed it; null: none of ours. */
  signedBy: EvidenceKey.nullable(),
});
/** `POST /v1/evidence/:id/pin` and `/unpin`. */
export const EvidencePinRequest = z.strictObject({ reason: z.string().trim().min(1).max(500) });
export const EvidencePinned = z.strictObject({ id: z.string(), pinned: z.boolean() });
