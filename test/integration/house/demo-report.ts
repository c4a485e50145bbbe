/** The shape that `demo --headless -o json` promises; strict, so that a field too many or too few is found. */
import { z } from 'zod';

const Gap = z.strictObject({ what: z.string().min(1), fix: z.string().nullable() });
const LayerCoverage = z.strictObject({
  level: z.enum(['full', 'partial', 'none']),
  by: z.string().nullable(),
  gaps: z.array(Gap),
});
const Mode = z.enum(['off', 'learn', 'audit', 'enforce']);
const Outcome = z.enum(['refused', 'detected', 'unseen', 'failed']);
const LayerName = z.enum(['runtime', 'network', 'api']);

export const DemoReport = z.strictObject({
  schemaVersion: z.literal(1),
  platform: z.looseObject({ root: z.boolean(), capture: z.string().min(1) }),
  coverage: z.strictObject({ runtime: LayerCoverage, network: LayerCoverage, api: LayerCoverage }),
  contracts: z
    .array(
      z.strictObject({
        service: z.string(),
        version: z.int().min(1),
        mode: z.strictObject({ runtime: Mode, network: Mode, api: Mode }),
      }),
    )
    .length(7),
  traffic: z.strictObject({ requests: z.int().min(100), denied: z.literal(0) }),
  attack: z.strictObject({
    name: z.string().min(1),
    steps: z.array(z.strictObject({ name: z.string().min(1), layer: LayerName, outcome: Outcome })).min(4),
  }),
  incidents: z
    .array(
      z.strictObject({
        id: z.string().regex(/^INC-[0-9]+$/),
        layers: z.array(LayerName).min(1),
        tactics: z.array(z.string().regex(/^TA[0-9]{4}$/)).min(1),
        signals: z.strictObject({ runtime: z.int(), network: z.int(), api: z.int() }),
        services: z.array(z.string()).min(1),
        detectMs: z.int().min(0),
        containMs: z.int().min(0),
        actions: z.array(z.strictObject({ kind: z.string(), status: z.string() })).min(1),
      }),
    )
    .length(1),
  evidence: z.strictObject({ bundle: z.string().min(1), verified: z.literal(true) }),
  restored: z.literal(true),
  hardened: z.strictObject({
    firstStep: z.string().min(1),
    outcome: z.literal('refused'),
    incidents: z.array(z.string()),
  }),
});
export type DemoReport = z.infer<typeof DemoReport>;

/** Steps that must have been refused or detected: those of a layer without a declared gap. */
export function unseenWithoutGap(report: DemoReport): string[] {
  return report.attack.steps.flatMap((step) =>
    step.outcome === 'failed' ||
    (step.outcome === 'unseen' &&
      (report.coverage[step.layer].level === 'full' || report.coverage[step.layer].gaps.length === 0))
      ? [`${step.layer}: ${step.name} was ${step.outcome}`]
      : [],
  );
}
