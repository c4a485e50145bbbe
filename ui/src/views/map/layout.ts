/** Where everything stands on the map: left to right, callers before those they call. */
import type { MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { count, rate, visible } from '../../format.ts';
import { arrange, type Point } from '../../parts/arrange.ts';
import { fit, textWidth } from '../../parts/measure.ts';
import type { Picture } from './aggregate.ts';

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
  const boxes = nodes.map((node) => {
    const label = fit(visible(node.label, 60), labelSize, 190);
    const cords = node.holds.length > 0 ? 44 : 0;
    return { node, label, width: Math.ceil(textWidth(label, labelSize, 600)) + 30 + cords, height: 44 };
  });
  const placeOf = new Map(nodes.map(({ id }, index) => [id, index]));
  const ways = edges.flatMap((edge) => {
    const from = placeOf.get(edge.from);
    const to = placeOf.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const lines = linesOf(edge);
    // The lock stands before the first line.
    const widths = lines.map((line, index) => textWidth(line, smallSize, 600) + (index === 0 ? 17 : 0));
    return [
      { edge, from, to, lines, width: Math.ceil(Math.max(...widths)) + 10, height: lines.length * lineHeight + 4 },
    ];
  });
  const placed = arrange(boxes, ways, { between: 40, ranks: 26, ways: 26, margin: 14 });
  return {
    nodes: boxes.map((box, index) => ({ ...box, ...at(placed.boxes[index]) })),
    edges: ways.map(({ edge, lines, width }, index) => ({
      edge,
      lines,
      labelWidth: width,
      ...at(placed.ways[index]),
      points: placed.ways[index]?.points ?? [],
    })),
    width: placed.width,
    height: placed.height,
  };
}

/** The nearest other point in a direction: how arrow keys walk over a picture. */
export function nearest<Spot extends Point>(
  spots: readonly Spot[],
  from: Spot,
  direction: 'left' | 'right' | 'up' | 'down',
): Spot | undefined {
  const sideways = direction === 'left' || direction === 'right';
  const sign = direction === 'right' || direction === 'down' ? 1 : -1;
  let best: Spot | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const spot of spots) {
    const along = sign * (sideways ? spot.x - from.x : spot.y - from.y);
    if (along <= 1) continue;
    // What lies ahead counts before what lies aside.
    const cost = along + 2.5 * Math.abs(sideways ? spot.y - from.y : spot.x - from.x);
    if (cost < least) {
      least = cost;
      best = spot;
    }
  }
  return best;
}

function linesOf(edge: MapEdge): string[] {
  return [
    edge.protocol.toUpperCase(),
    rate(edge.ratePerSecond),
    ...(edge.refused > 0 ? [`${count(edge.refused)} refused`] : []),
    ...(edge.wouldRefuse > 0 ? [`${count(edge.wouldRefuse)} let pass`] : []),
  ];
}

function at(point: Point | undefined): Point {
  return { x: point?.x ?? 0, y: point?.y ?? 0 };
}
