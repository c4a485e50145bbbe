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
  /** Ms since 1970: sees without a break since then. */
  readonly since?: number;
  /** For a while after it saw again: from what time to what time it did not. */
  readonly wasBlind?: string;
  /** What it cannot see even when it works. */
  readonly gaps: readonly { readonly what: string; readonly fix: string | null }[];
}

/** Who watches now, and since when without a break: what was learned before that may have holes. */
export interface Sight {
  /** As `by` of the coverage. */
  readonly by: string;
  /** Ms since 1970; null while nobody sees. */
  readonly since: number | null;
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
  const active = activeOf(collectors, targets);
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
    by: namesOf(active),
    gaps: unique([...unwatched, ...blind, ...unusable, ...own]),
  };
}

/** @param collectors strongest first. */
export function sightOf(collectors: readonly CollectorState[], targets: readonly WatchedTarget[] = []): Sight {
  const active = activeOf(collectors, targets);
  const since = active.flatMap((one) => (one.since === undefined ? [] : [one.since]));
  return { by: namesOf(active), since: since.length === 0 ? null : Math.max(...since) };
}

function activeOf(collectors: readonly CollectorState[], targets: readonly WatchedTarget[]): readonly CollectorState[] {
  const used = collectors.filter(({ name, seeing }) => seeing && targets.some(({ by }) => by === name));
  return used.length > 0 ? used : collectors.filter(({ seeing }) => seeing).slice(0, 1);
}

function namesOf(collectors: readonly CollectorState[]): string {
  return collectors.map(({ name }) => name).join(', ');
}

function isKernel(name: CollectorName): boolean {
  return kernelTracers.some((tracer) => tracer === name);
}

function unique<T extends { readonly what: string }>(gaps: readonly T[]): T[] {
  return [...new Map(gaps.map((gap) => [gap.what, gap])).values()];
}
