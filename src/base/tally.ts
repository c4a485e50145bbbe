/** Counters by label, and distributions: what a process adds up between two looks at its metrics. */
import type { Distribution, Sample } from './metrics.js';

export interface Tally {
  add(labels: Readonly<Record<string, string>>, by?: number): void;
  samples(): Sample[];
}

/** Whatever comes beyond these rows is counted together, as `other`. */
const mostRows = 2_000;

export function tally(): Tally {
  const rows = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>();
  return {
    add: (labels, by = 1) => {
      const row = rowOf(rows, labels, (own) => ({ labels: own, value: 0 }));
      row.value += by;
    },
    samples: () => [...rows.values()].map(({ labels, value }) => ({ labels, value })),
  };
}

export interface Durations {
  add(labels: Readonly<Record<string, string>>, seconds: number): void;
  distributions(): Distribution[];
}

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export function durations(): Durations {
  interface Row {
    readonly labels: Readonly<Record<string, string>>;
    readonly counts: number[];
    sum: number;
  }
  const rows = new Map<string, Row>();
  return {
    add: (labels, seconds) => {
      const row = rowOf(rows, labels, (own) => ({
        labels: own,
        counts: Array<number>(bounds.length + 1).fill(0),
        sum: 0,
      }));
      const at = bounds.findIndex((bound) => seconds <= bound);
      const bucket = at < 0 ? bounds.length : at;
      row.counts[bucket] = (row.counts[bucket] ?? 0) + 1;
      row.sum += seconds;
    },
    distributions: () =>
      [...rows.values()].map(({ labels, counts, sum }) => ({ labels, bounds, counts: [...counts], sum })),
  };
}

function rowOf<T extends { readonly labels: Readonly<Record<string, string>> }>(
  rows: Map<string, T>,
  labels: Readonly<Record<string, string>>,
  make: (labels: Readonly<Record<string, string>>) => T,
): T {
  const key = JSON.stringify(Object.entries(labels));
  const known = rows.get(key);
  if (known !== undefined) return known;
  const other = Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
  if (rows.size >= mostRows && key !== JSON.stringify(Object.entries(other))) return rowOf(rows, other, make);
  const made = make(labels);
  rows.set(key, made);
  return made;
}
