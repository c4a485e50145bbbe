import { z } from 'zod';
import { Digest } from './names.js';
/** The manifest of a forensic bundle: every file with its hash, signed by the control plane (`manifest.sig`). */
export const EvidenceManifest = z.strictObject({
    schemaVersion: z.literal(1),
    kind: z.literal('evidence-bundle'),
    id: z.string(),
    incident: z.string().nullable(),
    service: z.string(),
    workload: z.string(),
    host: z.string(),
    collectedAt: z.number(),
    collectedBy: z.string(),
    /** What could not be collected and why; silence is never success. */
    missing: z.array(z.strictObject({ what: z.string(), reason: z.string() })),
    files: z.array(z.strictObject({ path: z.string(), bytes: z.int(), sha256: Digest, what: z.string() })),
});
