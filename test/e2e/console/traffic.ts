/** Who calls whom in the fixtures, hostile names among them. */
import type { MapAnswer, MapEdge, MapNode } from '../../../src/server/api-types.js';
import { services, start } from './world.js';

const ours: MapNode[] = services.map(({ service, identity, contract, holds, hosts, workloads, openIncident }) => ({
  id: `service:${service}`,
  kind: 'service',
  label: service,
  service,
  identity,
  contract,
  holds,
  hosts,
  workloads,
  state: service === 'catalog' ? 'isolated' : 'running',
  openIncident,
}));
const outside = (id: string, label: string, kind: MapNode['kind'] = 'outside'): MapNode => ({
  id,
  kind,
  label,
  service: null,
  identity: null,
  contract: null,
  holds: [],
  hosts: [],
  workloads: 0,
  state: 'outside',
  openIncident: null,
});

const edge = (from: string, to: string, ratePerSecond: number, more: Partial<MapEdge> = {}): MapEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  protocol: 'http',
  mtls: true,
  identity: from.startsWith('service:') ? `spiffe://shop.test/service/${from.slice(8)}` : null,
  count: Math.round(ratePerSecond * 300),
  ratePerSecond,
  refused: 0,
  wouldRefuse: 0,
  p50Ms: 4.2,
  lastAt: start + 88_000,
  operations: [{ method: 'GET', path: '/products/{id}', count: Math.round(ratePerSecond * 290), refused: 0 }],
  reasons: [],
  ...more,
});

export const map: MapAnswer = {
  from: start - 300_000,
  to: start + 90_000,
  nodes: [
    outside('public', 'visitors', 'public'),
    {
      ...outside('gateway', 'gateway', 'gateway'),
      service: 'gateway',
      identity: 'spiffe://shop.test/service/gateway',
      holds: services[0]?.holds ?? [],
      contract: services[0]?.contract ?? null,
      hosts: ['shop-a'],
      workloads: 1,
      state: 'running',
    },
    ...ours,
    {
      ...outside('service:orders-db', 'orders-db', 'service'),
      service: 'orders-db',
      identity: 'spiffe://shop.test/service/orders-db',
      holds: services[0]?.holds ?? [],
      contract: services[0]?.contract ?? null,
      hosts: ['shop-b'],
      workloads: 1,
      state: 'running',
    },
    outside('outside:203.0.113.9', '203.0.113.9:4444'),
    outside('outside:x', '\u202e<img src=x onerror=alert(1)>\u001b[2J.example'),
  ],
  edges: [
    edge('public', 'gateway', 212, { mtls: false }),
    edge('gateway', 'service:storefront', 198, { identity: 'spiffe://shop.test/service/gateway' }),
    edge('service:storefront', 'service:catalog', 140),
    edge('service:storefront', 'service:orders', 31),
    edge('service:orders', 'service:payments', 9.4),
    edge('service:orders', 'service:inventory', 12),
    edge('service:orders', 'service:worker', 0.4, { wouldRefuse: 6 }),
    edge('service:orders', 'service:orders-db', 3.1, { protocol: 'tcp', operations: [], p50Ms: null }),
    edge('service:worker', 'service:payments', 0.2),
    edge('service:catalog', 'service:inventory', 2.2),
    edge('service:catalog', 'service:payments', 0.01, {
      refused: 3,
      operations: [{ method: 'POST', path: '/refund', count: 3, refused: 3 }],
      reasons: [{ reason: 'caller-not-listed', count: 3 }],
    }),
    edge('service:catalog', 'outside:203.0.113.9', 0.01, {
      protocol: 'tcp',
      mtls: false,
      refused: 2,
      p50Ms: null,
      operations: [],
      reasons: [{ reason: 'peer-not-listed', count: 2 }],
    }),
    edge('outside:x', 'service:inventory', 0.01, { protocol: 'tcp', mtls: false, p50Ms: null, operations: [] }),
  ],
  uncounted: 0,
};
export const emptyMap: MapAnswer = { from: start, to: start, nodes: [], edges: [], uncounted: 0 };
