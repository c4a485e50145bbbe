import { expect, it } from 'vitest';
import type { MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { aggregate } from './aggregate.ts';

const node = (id: string, kind: MapNode['kind'] = 'service'): MapNode => ({
  id,
  kind,
  label: id,
  service: kind === 'service' ? id : null,
  identity: null,
  contract: null,
  holds: [],
  hosts: [],
  workloads: 1,
  state: kind === 'outside' ? 'outside' : 'running',
  openIncident: null,
});
const edge = (from: string, to: string, count: number, refused = 0): MapEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  protocol: 'tcp',
  mtls: false,
  identity: null,
  count,
  ratePerSecond: count,
  refused,
  wouldRefuse: 0,
  p50Ms: null,
  lastAt: 0,
  operations: [],
  reasons: [],
});

it('leaves a small map as it is', () => {
  const answer = { nodes: [node('a'), node('b')], edges: [edge('a', 'b', 1)] };
  expect(aggregate(answer, 10)).toEqual({ ...answer, joined: 0 });
});

it('draws the quietest outside together, and loses no call', () => {
  const outside = Array.from({ length: 400 }, (_, index) => node(`outside:${index}`, 'outside'));
  const edges = outside.map(({ id }, index) => edge('a', id, index + 1, index === 0 ? 5 : 0));
  const drawn = aggregate({ nodes: [node('a'), ...outside], edges }, 300);
  expect(drawn.nodes.length).toBeLessThanOrEqual(300);
  expect(drawn.joined).toBe(103);
  expect(drawn.nodes.at(-1)?.label).toBe('103 more outside');
  const sum = (list: readonly MapEdge[]) => list.reduce((total, { count }) => total + count, 0);
  expect(sum(drawn.edges)).toBe(sum(edges));
  // What was refused stays a node of its own, however quiet it was.
  expect(drawn.nodes.some(({ id }) => id === 'outside:0')).toBe(true);
});

it('keeps ours before what lies outside', () => {
  const nodes = [...Array.from({ length: 20 }, (_, index) => node(`s${index}`)), node('outside:x', 'outside')];
  const drawn = aggregate({ nodes, edges: [edge('outside:x', 's1', 1_000)] }, 21);
  expect(drawn.joined).toBe(0);
  expect(aggregate({ nodes, edges: [edge('outside:x', 's1', 1_000)] }, 20).nodes.map(({ id }) => id)).toContain(
    'joined:outside',
  );
});
