/**
 * Puts moments on a line so that none hides another: an attack's first steps are milliseconds apart, its end may be
 * minutes later. Order and rough size of gaps are kept; a gap that is drawn much shorter than it was is marked.
 */

export interface Axis {
  /** One position for each moment, in the order given. */
  readonly positions: readonly number[];
  /** Middles of the gaps that stand far out, with how long they were. */
  readonly breaks: readonly { readonly x: number; readonly ms: number }[];
  readonly width: number;
}

/** @param moments sorted, in milliseconds */
export function axisOf(moments: readonly number[], options: { left: number; width: number; least: number }): Axis {
  const gaps = moments.slice(1).map((at, index) => Math.max(0, at - (moments[index] ?? at)));
  const needed = options.left + gaps.length * options.least;
  const width = Math.max(options.width, needed);
  const spare = width - needed;
  const weights = gaps.map((gap) => Math.log2(1 + gap));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const usual = median(gaps.filter((gap) => gap > 0));
  const positions: number[] = [];
  const breaks: { x: number; ms: number }[] = [];
  let x = options.left;
  if (moments.length > 0) positions.push(x);
  gaps.forEach((gap, index) => {
    const before = x;
    const share = total === 0 ? 1 / gaps.length : (weights[index] ?? 0) / total;
    // A lone gap does not have to fill the page.
    x += options.least + Math.min(spare * share, 260);
    positions.push(x);
    if (gap > 2_000 && gap > 12 * usual) breaks.push({ x: (before + x) / 2, ms: gap });
  });
  return { positions, breaks, width };
}

/** Which of the labels can be shown without touching one another; earlier ones win. */
export function withoutOverlap(
  labels: readonly { readonly x: number; readonly width: number }[],
  space = 8,
): boolean[] {
  let end = Number.NEGATIVE_INFINITY;
  return labels.map(({ x, width }) => {
    if (x - width / 2 < end + space) return false;
    end = x + width / 2;
    return true;
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
