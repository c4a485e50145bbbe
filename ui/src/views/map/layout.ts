/** Where everything stands on the map: left to right, callers before those they call. */
import dagre from '@dagrejs/dagre';
import type { MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { count, rate, visible } from '../../format.ts';
import { fit, textWidth } from '../../parts/measure.ts';
import type { Picture } from './aggregate.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface PlacedNode extends Point {
  readonly node: MapNode;
  readonly label: string;
  readonly width: number;
  readonly height: number;
}
export interface PlacedEdge extends Point {
  readonly edge: MapEdge;
  readonly points: readonly Point[];
  /** Protocol, rate, and in words what went wrong. */
  readonly lines: readonly string[];
  readonly labelWidth: number;
}
export interface Layout {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

export const labelSize = 13;
export const smallSize = 12;
export const lineHeight = 16;

export function layoutOf({ nodes, edges }: Picture): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 40, ranksep: 26, edgesep: 26, marginx: 12, marginy: 16 });
  const known = new Set<string>();
  const labels = new Map<string, string>();
  for (const node of nodes) {
    const label = fit(visible(node.label, 60), labelSize, 190);
    labels.set(node.id, label);
    known.add(node.id);
    const cords = node.holds.length > 0 ? 44 : 0;
    graph.setNode(node.id, { width: Math.ceil(textWidth(label, labelSize, 600)) + 30 + cords, height: 44 });
  }
  const drawn = edges.filter((edge) => known.has(edge.from) && known.has(edge.to));
  for (const edge of drawn) {
    const { lines } = wordsOf(edge);
    const width = Math.ceil(Math.max(...lines.map((line, index) => textWidth(line, smallSize, 600) + (index === 0 ? 17 : 0)))) + 10;
    graph.setEdge(edge.from, edge.to, { width, height: lines.length * lineHeight + 4, labelpos: 'c' }, edge.id);
  }
  dagre.layout(graph);
  const size = graph.graph();
  return {
    nodes: nodes.map((node) => {
      const { x, y, width, height } = graph.node(node.id);
      return { node, label: labels.get(node.id) ?? '', x: x ?? 0, y: y ?? 0, width, height };
    }),
    edges: drawn.map((edge) => {
      const { x, y, width, points } = graph.edge({ v: edge.from, w: edge.to, name: edge.id });
      return { edge, ...wordsOf(edge), x: x ?? 0, y: y ?? 0, labelWidth: width ?? 0, points: points ?? [] };
    }),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

function wordsOf(edge: MapEdge): { lines: string[] } {
  return {
    lines: [
      edge.protocol.toUpperCase(),
      rate(edge.ratePerSecond),
      ...(edge.refused > 0 ? [`${count(edge.refused)} refused`] : []),
      ...(edge.wouldRefuse > 0 ? [`${count(edge.wouldRefuse)} let pass`] : []),
    ],
  };
}

/** A smooth line through the points dagre gives (quadratic curves from middle to middle). */
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

/** The nearest other point in a direction: how arrow keys walk over a picture. */
export function nearest<Spot extends Point>(spots: readonly Spot[], from: Spot, direction: 'left' | 'right' | 'up' | 'down'): Spot | undefined {
  let best: Spot | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const spot of spots) {
    const dx = spot.x - from.x;
    const dy = spot.y - from.y;
    const [along, across] = { left: [-dx, dy], right: [dx, dy], up: [-dy, dx], down: [dy, dx] }[direction] as [number, number];
    if (along <= 1) continue;
    // What lies ahead counts before what lies aside.
    const cost = along + 2.5 * Math.abs(across);
    if (cost < least) {
      least = cost;
      best = spot;
    }
  }
  return best;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
