import { z } from 'zod';
import { EvidenceManifest, ServiceName } from '../../model/index.js';
import { Time } from './common.js';
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
    /** Checked when this answer was made: `ok`, `broken` (with problems), or `not-checked` in lists. */
    verified: z.enum(['ok', 'broken', 'not-checked']),
    problems: z.array(z.string()),
});
/** `GET /v1/evidence`. */
export const EvidenceList = z.strictObject({ evidence: z.array(EvidenceRow) });
/** `GET /v1/evidence/:id`: with the manifest, verified now. */
export const EvidenceAnswer = z.strictObject({ evidence: EvidenceRow, manifest: EvidenceManifest });
