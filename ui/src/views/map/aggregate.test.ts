import { expect, test } from 'vitest';
import type { MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { aggregate } from './aggregate.ts';

const node = (id: string, more: Partial<MapNode> = {}): MapNode => ({
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
  ...more,
});
const edge = (from: string, to: string, more: Partial<MapEdge> = {}): MapEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  protocol: 'http',
  mtls: true,
  identity: null,
  count: 1,
  ratePerSecond: 0.1,
  refused: 0,
  wouldRefuse: 0,
  p50Ms: null,
  lastAt: 0,
  operations: [],
  reasons: [],
  ...more,
});

test('a map that is small enough is left as it is', () => {
  const nodes = [node('a'), node('b')];
  const edges = [edge('a', 'b')];
  expect(aggregate({ nodes, edges })).toEqual({ nodes, edges, folded: 0 });
});

test('addresses outside are folded first, and their traffic is added up', () => {
  const outside = Array.from({ length: 9 }, (_, index) => node(`outside:${index}`, { kind: 'outside' }));
  const edges = outside.map(({ id }, index) =>
    edge('a', id, { count: 2, refused: index === 0 ? 1 : 0, mtls: index > 0 }),
  );
  const picture = aggregate({ nodes: [node('a'), ...outside], edges }, 5);
  expect(picture.nodes.map(({ id }) => id)).toEqual(['a', 'folded:outside']);
  expect(picture.nodes[1]?.label).toBe('9 addresses outside');
  expect(picture.edges).toHaveLength(1);
  expect(picture.edges[0]).toMatchObject({ count: 18, refused: 1, mtls: false });
  expect(picture.folded).toBe(9);
});

test('services with an incident or a refusal are never folded behind quiet ones', () => {
  const services = Array.from({ length: 400 }, (_, index) => node(`service:${index}`));
  services[7] = node('service:7', { openIncident: 'INC-1' });
  const edges = [edge('service:9', 'service:10', { refused: 3 })];
  const picture = aggregate({ nodes: services, edges }, 300);
  expect(picture.nodes.length).toBeLessThanOrEqual(300);
  const ids = picture.nodes.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(['service:7', 'service:9', 'service:10', 'folded:services']));
});
