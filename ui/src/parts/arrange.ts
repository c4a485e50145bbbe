/** Lays a graph out from left to right. The one place that knows dagre. */
import dagre from '@dagrejs/dagre';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Arranged {
  /** Middles, in the order of the boxes given. */
  readonly boxes: readonly Point[];
  /** Middles of the labels and the lines, in the order of the ways given. */
  readonly ways: readonly (Point & { readonly points: readonly Point[] })[];
  readonly width: number;
  readonly height: number;
}

/**
 * @param boxes sizes
 * @param ways from and to are places in `boxes`; the size is the label's
 */
export function arrange(
  boxes: readonly { readonly width: number; readonly height: number }[],
  ways: readonly { readonly from: number; readonly to: number; readonly width: number; readonly height: number }[],
  space: { readonly between: number; readonly ranks: number; readonly ways: number; readonly margin: number },
): Arranged {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({
    rankdir: 'LR',
    nodesep: space.between,
    ranksep: space.ranks,
    edgesep: space.ways,
    marginx: space.margin,
    marginy: space.margin,
  });
  // INVARIANT: dagre sees numbers only. It keeps names as keys of plain objects, where `__proto__` would be no name.
  boxes.forEach(({ width, height }, index) => {
    graph.setNode(`n${index}`, { width, height });
  });
  ways.forEach(({ from, to, width, height }, index) => {
    graph.setEdge(`n${from}`, `n${to}`, { width, height, labelpos: 'c' }, `e${index}`);
  });
  dagre.layout(graph);
  const size = graph.graph();
  return {
    boxes: boxes.map((_, index) => {
      const { x, y } = graph.node(`n${index}`);
      return { x: x ?? 0, y: y ?? 0 };
    }),
    ways: ways.map(({ from, to }, index) => {
      const { x, y, points } = graph.edge({ v: `n${from}`, w: `n${to}`, name: `e${index}` });
      return { x: x ?? 0, y: y ?? 0, points: points ?? [] };
    }),
    width: finite(size.width),
    height: finite(size.height),
  };
}

/**
 * A smooth line through every point of a way, so that it also runs under its label. Monotone cubic interpolation over x
 * (the harmonic mean of the slopes on both sides): it never swings beyond its points.
 */
export function pathOf(points: readonly Point[]): string {
  const first = points[0];
  if (first === undefined || points.length < 2) return '';
  const slopes = points.slice(1).map((to, index) => {
    const from = points[index] ?? to;
    return to.x === from.x ? 0 : (to.y - from.y) / (to.x - from.x);
  });
  const tangents = points.map((_, index) => {
    const before = slopes[index - 1] ?? slopes[index] ?? 0;
    const after = slopes[index] ?? before;
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after);
  });
  let path = `M${round(first.x)} ${round(first.y)}`;
  points.slice(1).forEach((to, index) => {
    const from = points[index] ?? to;
    const third = (to.x - from.x) / 3;
    const out = from.y + (tangents[index] ?? 0) * third;
    const back = to.y - (tangents[index + 1] ?? 0) * third;
    path += `C${round(from.x + third)} ${round(out)} ${round(to.x - third)} ${round(back)} ${round(to.x)} ${round(to.y)}`;
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
