import { expect, test } from 'vitest';
import type { MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { pathOf } from '../../parts/arrange.ts';
import { layoutOf, nearest } from './layout.ts';

const node = (id: string): MapNode => ({
  id,
  kind: 'service',
  label: id,
  service: null,
  identity: null,
  contract: null,
  holds: [],
  hosts: [],
  workloads: 1,
  state: 'running',
  openIncident: null,
});
const edge = (from: string, to: string): MapEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  protocol: 'http',
  mtls: true,
  identity: null,
  count: 1,
  ratePerSecond: 2,
  refused: 1,
  wouldRefuse: 0,
  p50Ms: null,
  lastAt: 0,
  operations: [],
  reasons: [],
});

test('callers stand left of those they call, and an edge says what was refused', () => {
  const layout = layoutOf({ nodes: [node('b'), node('a')], edges: [edge('a', 'b')], folded: 0 });
  const x = new Map(layout.nodes.map((placed) => [placed.node.id, placed.x]));
  expect(x.get('a')).toBeLessThan(x.get('b') ?? 0);
  expect(layout.edges[0]?.lines).toEqual(['HTTP', '2.0/s', '1 refused']);
});

test('an edge to a node that is not there, a loop and a circle do no harm', () => {
  const nodes = [node('a'), node('b')];
  const layout = layoutOf({
    nodes,
    edges: [edge('a', 'gone'), edge('a', 'a'), edge('a', 'b'), edge('b', 'a')],
    folded: 0,
  });
  expect(layout.edges.map((placed) => placed.edge.id)).toEqual(['a>a', 'a>b', 'b>a']);
  for (const placed of layout.edges) expect(pathOf(placed.points)).toMatch(/^M[-0-9.]+ /);
});

test('names of a label that is hostile never break the layout', () => {
  for (const id of ['__proto__', 'constructor', 'hasOwnProperty', '']) {
    const layout = layoutOf({ nodes: [node(id), node('b')], edges: [edge(id, 'b')], folded: 0 });
    expect(layout.nodes).toHaveLength(2);
    expect(layout.width).toBeGreaterThan(0);
    expect(layout.edges).toHaveLength(1);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }
});

test('an arrow key goes to what lies ahead before what lies aside', () => {
  const from = { x: 0, y: 0 };
  const ahead = { x: 100, y: 5 };
  const aside = { x: 60, y: 80 };
  expect(nearest([from, aside, ahead], from, 'right')).toBe(ahead);
  expect(nearest([from, aside, ahead], from, 'down')).toBe(aside);
  expect(nearest([from, aside, ahead], from, 'left')).toBeUndefined();
});
