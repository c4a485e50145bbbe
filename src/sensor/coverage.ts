/** What the sensor sees of the runtime layer, and what not. */
import type { LayerCoverage } from '../model/index.js';
import type { CollectorName } from './collectors/collector.js';
import { kernelTracers } from './line-source.js';

export interface CollectorState {
  readonly name: CollectorName;
  readonly usable: boolean;
  /** Runs and sees now. */
  readonly seeing: boolean;
  readonly reason?: string;
  readonly fix?: string;
  /** For a while after it saw again: from what time to what time it did not. */
  readonly wasBlind?: string;
  /** What it cannot see even when it works. */
  readonly gaps: readonly { readonly what: string; readonly fix: string | null }[];
}

/** Which collector watches a workload; null when none does. */
export interface WatchedTarget {
  readonly workload: string;
  readonly by: CollectorName | null;
}

/**
 * `full` only where a kernel tracer sees every workload, and has done so for a while; a weaker rung is `partial`; nothing
 * that runs is `none`.
 *
 * @param collectors strongest first.
 */
export function runtimeCoverage(
  collectors: readonly CollectorState[],
  targets: readonly WatchedTarget[] = [],
): LayerCoverage {
  const used = collectors.filter(({ name, seeing }) => seeing && targets.some(({ by }) => by === name));
  const strongest = collectors.find(({ seeing }) => seeing);
  const active = used.length > 0 ? used : strongest === undefined ? [] : [strongest];
  const unusable = collectors
    .slice(
      0,
      Math.max(
        0,
        collectors.findIndex(({ name }) => name === active[0]?.name),
      ),
    )
    // The kernel's tracers see the same: one that is missing beside another is no gap.
    .filter(({ name, seeing }) => !seeing && !(isKernel(name) && active.some((one) => isKernel(one.name))))
    .map(({ name, reason, fix }) => ({ what: `${name}: ${reason ?? 'does not run'}`, fix: fix ?? null }));
  const unwatched = targets
    .filter(({ by }) => by === null)
    .map(({ workload }) => ({ what: `workload ${workload} is not watched`, fix: null }));
  if (active.length === 0) {
    const every = collectors.map(({ name, reason, fix }) => ({
      what: `${name}: ${reason ?? 'does not run'}`,
      fix: fix ?? null,
    }));
    return {
      level: 'none',
      by: '',
      gaps: every.length > 0 ? every : [{ what: 'no collector was tried', fix: 'tricordon doctor --only runtime' }],
    };
  }
  const own = active.flatMap(({ gaps }) => gaps);
  const blind = active.flatMap(({ name, wasBlind }) =>
    wasBlind === undefined ? [] : [{ what: `${name}: ${wasBlind}`, fix: null }],
  );
  const full =
    active.length === 1 && active.every(({ name }) => isKernel(name)) && unwatched.length === 0 && blind.length === 0;
  return {
    level: full ? 'full' : 'partial',
    by: active.map(({ name }) => name).join(', '),
    gaps: unique([...unwatched, ...blind, ...unusable, ...own]),
  };
}

function isKernel(name: CollectorName): boolean {
  return kernelTracers.some((tracer) => tracer === name);
}

function unique<T extends { readonly what: string }>(gaps: readonly T[]): T[] {
  return [...new Map(gaps.map((gap) => [gap.what, gap])).values()];
}
