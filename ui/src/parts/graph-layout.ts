/** Places nodes from left to right. Pure: the same graph always lies the same way, so nothing moves unless it changed. */
import { graphlib, layout } from '@dagrejs/dagre';

export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}
export interface Line {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly labelWidth: number;
  readonly labelHeight: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Laid {
  readonly width: number;
  readonly height: number;
  /** Centres. */
  readonly boxes: ReadonlyMap<string, Point>;
  readonly lines: ReadonlyMap<
    string,
    { readonly path: string; readonly label: Point; readonly end: Point; readonly angle: number }
  >;
}

export function layGraph(boxes: readonly Box[], lines: readonly Line[], space: { rank: number; node: number }): Laid {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', ranksep: space.rank, nodesep: space.node, edgesep: 14, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of boxes) graph.setNode(key(id), { width, height });
  for (const { id, from, to, labelWidth, labelHeight } of lines) {
    if (graph.hasNode(key(from)) && graph.hasNode(key(to)) && from !== to)
      graph.setEdge(key(from), key(to), { width: labelWidth, height: labelHeight, labelpos: 'c' }, key(id));
  }
  layout(graph);
  const placed = new Map<string, Point>();
  for (const { id } of boxes) {
    const { x = 0, y = 0 } = graph.node(key(id)) ?? {};
    placed.set(id, { x, y });
  }
  const drawn = new Map<string, { path: string; label: Point; end: Point; angle: number }>();
  for (const { id, from, to } of lines) {
    if (from === to || !graph.hasEdge(key(from), key(to), key(id))) continue;
    const edge = graph.edge(key(from), key(to), key(id));
    const points: Point[] = edge.points ?? [];
    const last = points.at(-1) ?? { x: 0, y: 0 };
    const before = points.at(-2) ?? last;
    const label = { x: edge.x ?? last.x, y: edge.y ?? last.y };
    drawn.set(id, {
      path: smooth(points),
      label,
      end: last,
      angle: (Math.atan2(last.y - before.y, last.x - before.x) * 180) / Math.PI,
    });
  }
  const { width = 0, height = 0 } = graph.graph();
  return { width, height, boxes: placed, lines: drawn };
}

/** dagre uses ids as keys of plain objects: with this in front, none can be `__proto__`. */
function key(id: string): string {
  return `k:${id}`;
}

/** Through the middles of the sections, with the corners as control points; straight at both ends. */
function smooth(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${at(first)}`;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (next === undefined) path += `L${at(point)}`;
    else path += `Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  }
  return path;
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
