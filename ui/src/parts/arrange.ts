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

/** A smooth line through the points of a way (quadratic curves from middle to middle). */
export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  let path = `M${round(first.x)} ${round(first.y)}`;
  for (let index = 0; index < rest.length - 1; index += 1) {
    const at = rest[index];
    const next = rest[index + 1];
    if (at === undefined || next === undefined) continue;
    const end = index === rest.length - 2 ? next : { x: (at.x + next.x) / 2, y: (at.y + next.y) / 2 };
    path += `Q${round(at.x)} ${round(at.y)} ${round(end.x)} ${round(end.y)}`;
  }
  return rest.length === 1 ? `${path}L${round(last.x)} ${round(last.y)}` : path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
