/** The demo's attack as the sensors see it, built by hand; for tests. */
import { type Event, Observation } from '../../src/model/index.js';

export const t0 = 1_700_000_000_000;
const trace1 = '1'.repeat(32);
const trace2 = '2'.repeat(32);
const trace3 = '3'.repeat(32);

export const id = (service: string) => `spiffe://shop/service/${service}`;

export interface Extra {
  readonly run?: string;
  readonly offset?: number;
}

/** Rows in the order in which they arrive: requests when they are over, the outermost last. */
export function attack({ run = '1', offset = 0 }: Extra = {}): Observation[] {
  const catalog = `catalog-h-${run}`;
  const storefront = 'storefront-h-1';
  const row = rows(`attack${run}`, offset);
  const allow = { effect: 'allow', contract: 'x', version: 1, clause: 'c', reason: 'allowed' } as const;
  const inbound = socket(['127.0.0.1', 7002], ['127.0.0.1', 41_000]);
  const toPayments = socket(['10.0.0.2', 52_000], ['198.18.0.3', 7004]);
  const outside = socket(['10.0.0.2', 52_001], ['203.0.113.66', 4444]);
  const trace = (text: string) => (run === '1' ? text : text.replace(/^./, 'a'));
  return [
    row(2, catalog, { kind: 'accept', address: '127.0.0.1', port: 41_000 }, { pid: 100, start: 1, socket: inbound }),
    row(5, catalog, exec('/bin/sh', ['/bin/sh', '-c', 'cat none; node -e x'], 'node'), {
      pid: 200,
      ppid: 100,
      lineage: [100],
    }),
    row(8, catalog, exec('/usr/bin/node', ['node', '-e', 'x'], 'sh'), { pid: 201, ppid: 200, lineage: [200, 100] }),
    row(40, catalog, open('/srv/shop/catalog/secrets/payments-token'), { pid: 201, ppid: 200 }),
    row(45, catalog, connect('203.0.113.66', 4444), { pid: 201, socket: outside }),
    row(
      46,
      catalog,
      flow('203.0.113.66', 4444, { effect: 'would-deny', reason: 'peer-not-listed' }),
      { socket: outside },
      'network',
    ),
    row(60, catalog, connect('198.18.0.3', 7004), { pid: 201, socket: toPayments }),
    row(
      62,
      catalog,
      request('out', 'POST', '/refunds', 'payments', 403, 2, {
        ...allow,
        effect: 'deny',
        clause: null,
        reason: 'path',
      }),
      {
        socket: toPayments,
        trace: trace(trace3),
        caller: id('payments'),
      },
      'api',
    ),
    row(
      1,
      storefront,
      request('out', 'POST', '/import', 'catalog', 200, 100, allow),
      { trace: trace(trace2), caller: id('catalog') },
      'api',
    ),
    row(
      1.5,
      catalog,
      request('in', 'POST', '/import', 'storefront', 200, 98, allow),
      {
        socket: inbound,
        trace: trace(trace2),
        caller: id('storefront'),
      },
      'api',
    ),
    row(
      0,
      storefront,
      request('in', 'POST', '/products/import', 'gateway', 200, 103, allow),
      {
        trace: trace(trace1),
        caller: id('gateway'),
      },
      'api',
    ),
  ];
}

/** One benign page view through the gateway: storefront asks catalog, catalog asks payments for its rates. */
export function benign(number: number, at: number): Observation[] {
  const row = rows(`benign${number}`, at - t0);
  const allow = { effect: 'allow', contract: 'x', version: 1, clause: 'c', reason: 'allowed' } as const;
  const digits = number.toString(16).padStart(30, '0');
  const inbound = socket(['127.0.0.1', 7002], ['127.0.0.1', 30_000 + (number % 1_000)]);
  return [
    row(
      1,
      'catalog-h-1',
      { kind: 'accept', address: '127.0.0.1', port: inbound.peer.port },
      { pid: 100, socket: inbound },
    ),
    row(1, 'catalog-h-1', open('/srv/shop/catalog/products.json'), { pid: 100 }),
    row(2, 'catalog-h-1', request('out', 'GET', '/rates', 'payments', 200, 1, allow), { trace: `c${digits}0` }, 'api'),
    row(
      2,
      'payments-h-1',
      request('in', 'GET', '/rates', 'catalog', 200, 1, allow),
      { trace: `c${digits}0`, caller: id('catalog') },
      'api',
    ),
    row(
      1,
      'catalog-h-1',
      request('in', 'GET', `/products/${number % 5}`, 'storefront', 200, 3, allow),
      {
        socket: inbound,
        trace: `b${digits}0`,
        caller: id('storefront'),
      },
      'api',
    ),
    row(
      0,
      'storefront-h-1',
      request('in', 'GET', `/products/${number % 5}`, 'gateway', 200, 5, allow),
      {
        trace: `d${digits}0`,
        caller: id('gateway'),
      },
      'api',
    ),
  ];
}

export function rows(prefix: string, offset: number) {
  let number = 0;
  return (
    at: number,
    workload: string,
    event: Event,
    join: Observation['join'] = {},
    layer: Observation['layer'] = 'runtime',
  ): Observation => {
    number += 1;
    const service = workload.split('-h-')[0] ?? '';
    return Observation.parse({
      id: `h:${prefix}:${number}`,
      at: t0 + offset + at,
      host: 'h',
      layer,
      service,
      workload,
      identity: id(service),
      source: layer === 'runtime' ? 'bpftrace' : 'sidecar',
      join,
      event,
    });
  };
}

export const exec = (path: string, args: string[] = [], parent = 'node'): Event => ({
  kind: 'exec',
  path,
  args,
  parent,
});
export const open = (path: string, write = false): Event => ({ kind: 'open', path, write });
export const connect = (address: string, port: number): Event => ({ kind: 'connect', protocol: 'tcp', address, port });

export function flow(
  address: string,
  port: number,
  verdict: { effect: 'allow' | 'would-deny' | 'deny'; reason: string },
): Event {
  return {
    kind: 'flow',
    direction: 'out',
    address,
    port,
    mtls: false,
    verdict: { contract: 'x', version: 1, clause: null, ...verdict },
  };
}

export function request(
  direction: 'in' | 'out',
  method: string,
  path: string,
  peer: string,
  status: number,
  durationMs: number,
  verdict: {
    effect: 'allow' | 'would-deny' | 'deny';
    contract: string;
    version: number;
    clause: string | null;
    reason: string;
  },
): Event {
  return { kind: 'request', direction, method, path, peer, status, durationMs, verdict };
}

function socket(local: readonly [string, number], peer: readonly [string, number]) {
  return { local: { address: local[0], port: local[1] }, peer: { address: peer[0], port: peer[1] } };
}
