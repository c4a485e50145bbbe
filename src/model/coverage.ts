import { z } from 'zod';
import { HostName, ServiceName } from './names.js';

/** What watches one layer on one host. `none` and `partial` always say why and which command would cover the rest. */
export const LayerCoverage = z.strictObject({
  level: z.enum(['full', 'partial', 'none']),
  /** The part that watches: `bpftrace`, `bpf`, `strace`, `proc`, `sidecar (network namespace)`. Empty when nothing does. */
  by: z.string(),
  gaps: z.array(z.strictObject({ what: z.string(), fix: z.string().nullable() })),
  /** Services whose contract is to be enforced at this layer and is not yet, or cannot be, in force here. */
  unheld: z
    .array(z.strictObject({ service: ServiceName, until: z.enum(['next-start', 'never']), reason: z.string() }))
    .max(5_000)
    .optional(),
});
export type LayerCoverage = z.infer<typeof LayerCoverage>;

export const Coverage = z.strictObject({ runtime: LayerCoverage, network: LayerCoverage, api: LayerCoverage });
export type Coverage = z.infer<typeof Coverage>;

export const HostCoverage = z.strictObject({
  host: HostName,
  at: z.number(),
  coverage: Coverage,
  /** Events the sensor says it lost since it started. */
  lost: z.number(),
});
export type HostCoverage = z.infer<typeof HostCoverage>;
