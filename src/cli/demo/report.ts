/** What the demo has to say in the end: `--headless -o json` prints exactly this. */
import type { Coverage, Layer, ModeByLayer } from '../../model/index.js';

export type Outcome = 'refused' | 'detected' | 'unseen' | 'failed';

export interface DemoReport {
  readonly schemaVersion: 1;
  readonly platform: {
    readonly system: string;
    readonly kernel: string;
    readonly node: string;
    readonly root: boolean;
    readonly capture: string;
  };
  coverage: Coverage | null;
  contracts: { service: string; version: number; mode: ModeByLayer }[];
  traffic: { requests: number; denied: number };
  attack: { name: string; steps: { name: string; layer: Layer; outcome: Outcome }[] };
  incidents: {
    id: string;
    layers: readonly Layer[];
    tactics: readonly string[];
    signals: Record<Layer, number>;
    services: readonly string[];
    detectMs: number;
    containMs: number | null;
    actions: { kind: string; status: string }[];
  }[];
  evidence: { bundle: string | null; verified: boolean };
  restored: boolean;
  hardened: { firstStep: string | null; outcome: Outcome; incidents: string[] };
}

/** Every reason why the demo did not hold; empty is success. */
export function shortcomings(report: DemoReport): string[] {
  const found: string[] = [];
  const { coverage } = report;
  if (coverage === null) return ["nothing is known of this host's coverage"];
  if (report.incidents.length !== 1) found.push(`${report.incidents.length} incidents instead of one`);
  for (const step of report.attack.steps) {
    if (step.outcome === 'failed') found.push(`the step \`${step.name}\` could not be carried out`);
    if (step.outcome === 'unseen' && coverage[step.layer].level === 'full')
      found.push(`the step \`${step.name}\` was not seen in a covered layer`);
    if (step.outcome === 'unseen' && coverage[step.layer].gaps.length === 0)
      found.push(`the step \`${step.name}\` was not seen, and no gap says so`);
  }
  if (report.attack.steps.length === 0) found.push('the attack did not run');
  if (report.traffic.denied !== 0) found.push(`${report.traffic.denied} benign requests were refused`);
  if (report.hardened.outcome !== 'refused')
    found.push(`the repeated attack was ${report.hardened.outcome}, not refused`);
  if (!report.evidence.verified) found.push('the evidence bundle does not verify');
  if (!report.restored) found.push('the service was not restored');
  if (report.incidents.some((incident) => incident.containMs === null)) found.push('the incident was not contained');
  return found;
}
