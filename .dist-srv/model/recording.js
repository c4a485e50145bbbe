/** A recording: everything needed to replay observations through every engine. NDJSON: one header, then observations. */
import { z } from 'zod';
import { ContractVersion } from './contract.js';
import { Workload } from './workload.js';
export const RecordingHeader = z.strictObject({
    schemaVersion: z.literal(1),
    kind: z.literal('recording'),
    recordedAt: z.number(),
    trustDomain: z.string(),
    /** Observations before this time teach; later ones are judged. Milliseconds since the epoch. */
    learnUntil: z.number(),
    contracts: z.array(ContractVersion),
    workloads: z.array(Workload),
});
