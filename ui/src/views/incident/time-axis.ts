/** One clock for all lanes. Pure. */

export interface TimeAxis {
  /** Pixels from the left for a time in milliseconds after the first step. */
  readonly x: (ms: number) => number;
  readonly ticks: readonly { readonly ms: number; readonly x: number }[];
  /** Quiet stretches drawn shorter than they were: where, in pixels, and how long they lasted. */
  readonly breaks: readonly { readonly x: number; readonly ms: number }[];
}

/** Neighbouring steps closer than this cannot be told apart. */
const apart = 30;

/**
 * To scale where the steps can be told apart that way. Otherwise each stretch between two steps gets a width that grows
 * with the logarithm of its length, and the long ones are marked as shortened.
 */
export function timeAxis(times: readonly number[], left: number, right: number): TimeAxis {
  const moments = [...new Set([0, ...times])].toSorted((a, b) => a - b);
  const last = moments.at(-1) ?? 0;
  const width = Math.max(1, right - left);
  if (last === 0) return { x: () => left, ticks: [{ ms: 0, x: left }], breaks: [] };
  const gaps = moments.slice(1).map((to, index) => ({ from: moments[index] ?? 0, to, ms: to - (moments[index] ?? 0) }));
  const narrowest = Math.min(...gaps.map(({ ms }) => (ms / last) * width));
  if (narrowest >= Math.min(apart, width / gaps.length / 2)) {
    const x = (ms: number) => left + (ms / last) * width;
    return { x, ticks: roundTicks(last, width).map((ms) => ({ ms, x: x(ms) })), breaks: [] };
  }
  const weights = gaps.map(({ ms }) => 1 + Math.log2(1 + ms / 8));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const floor = Math.min(apart, (width / gaps.length) * 0.8);
  const spare = width - floor * gaps.length;
  const starts: number[] = [];
  let at = left;
  for (const weight of weights) {
    starts.push(at);
    at += floor + (weight / sum) * spare;
  }
  const x = (ms: number) => {
    const index = Math.max(
      0,
      gaps.findLastIndex(({ from }) => from <= ms),
    );
    const gap = gaps[index];
    if (gap === undefined) return left;
    const start = starts[index] ?? left;
    const end = starts[index + 1] ?? right;
    return start + Math.min(1, Math.max(0, (ms - gap.from) / gap.ms)) * (end - start);
  };
  const perPixel = gaps.map(({ ms, from, to }) => ms / Math.max(1, x(to) - x(from)));
  const usual = perPixel.toSorted((a, b) => a - b)[Math.floor(perPixel.length / 2)] ?? 0;
  const breaks = gaps.flatMap((gap, index) =>
    (perPixel[index] ?? 0) > usual * 4 && gap.ms >= 100 ? [{ x: (x(gap.from) + x(gap.to)) / 2, ms: gap.ms }] : [],
  );
  const ticks: { ms: number; x: number }[] = [];
  for (const ms of moments) {
    const here = x(ms);
    const before = ticks.at(-1);
    if (before === undefined || here - before.x >= (ticks.length === 1 ? 112 : 84)) ticks.push({ ms, x: here });
  }
  return { x, ticks, breaks };
}

function roundTicks(last: number, width: number): number[] {
  const wanted = Math.max(1, Math.floor(width / 110));
  const rough = last / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const ticks: number[] = [];
  for (let ms = 0; ms <= last + step * 0.01; ms += step) ticks.push(ms);
  return ticks;
}
