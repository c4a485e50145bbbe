import { expect, test } from 'vitest';
import { initialVersion } from '../../contract/index.js';
import type {
  ContractVersion,
  GlassOpening,
  Incident,
  ListeningSocket,
  Observation,
  Signal,
  Workload,
} from '../../model/index.js';
import { withModes } from '../contracts.js';
import { coverageView } from './coverage.js';
import { everything, type Reach } from '../reach.js';
import { holdsOf } from './holds.js';
import { incidentView } from './incident.js';
import { mapView } from './map.js';
import { trafficWindow } from './traffic-window.js';
import { within } from './within.js';
import type { HostState, World } from './world.js';

const now = 1_700_000_000_000;
const full = { level: 'full', by: 'bpftrace', gaps: [] } as const;
const host = (more: Partial<HostState> = {}): HostState => ({
  host: 'a',
  at: now - 1_000,
  version: 'current',
  coverage: { runtime: { ...full, gaps: [] }, network: { ...full, gaps: [] }, api: { ...full, gaps: [] } },
  lost: 0,
  sockets: [],
  endpoints: [],
  ...more,
});
const workload: Workload = {
  id: 'orders-a-00000001',
  service: 'orders',
  host: 'a',
  identity: 'spiffe://td/service/orders',
  attributes: {},
  attestation: {
    kind: 'process',
    pid: 1,
    start: 1,
    executable: '/n',
    entry: null,
    codeDigest: `sha256:${'a'.repeat(64)}`,
    codeDirectory: '/',
    operator: 'o',
    uid: 1,
  },
  capture: 'netns',
  cgroup: null,
  state: 'running',
  startedAt: now,
  endedAt: null,
};
const enforced: ContractVersion = {
  ...initialVersion('orders', 'ana', now),
  version: 3,
  contract: withModes(initialVersion('orders', 'ana', now).contract, {
    runtime: 'enforce',
    network: 'enforce',
    api: 'enforce',
  }),
};
const world = (more: Partial<World> = {}): World => ({
  now,
  trustDomain: 'td',
  hosts: [host()],
  services: ['orders'],
  labels: new Map(),
  workloads: [workload],
  active: new Map([['orders', enforced]]),
  proposed: new Map(),
  incidents: [],
  isolated: new Set(),
  glass: [],
  learned: () => 0,
  ...more,
});
const socket: ListeningSocket = {
  service: 'orders',
  workload: workload.id,
  address: '127.0.0.1',
  port: 80,
  owner: 'workload',
  identity: null,
  mtls: false,
  contract: null,
  bypassable: true,
  reason: 'a neighbour can dial it',
};
const kinds = (of: World) => holdsOf(of, 'orders').map(({ hold }) => hold);

test('green only when enforced, running, reported, watched in full and not to be gone around', () => {
  expect(kinds(world())).toEqual(['enforced', 'enforced', 'enforced']);
  expect(kinds(world({ workloads: [] }))).toEqual(['unwatched', 'unwatched', 'unwatched']);
  expect(kinds(world({ hosts: [] }))).toEqual(['unwatched', 'unwatched', 'unwatched']);
  expect(kinds(world({ hosts: [host({ at: now - 31_000 })] }))).toEqual(['unwatched', 'unwatched', 'unwatched']);
  expect(kinds(world({ hosts: [host({ sockets: [socket] })] }))).toEqual(['enforced', 'bypassable', 'bypassable']);
  const partial = {
    level: 'partial' as const,
    by: 'proc',
    gaps: [{ what: 'short-lived programs are not seen', fix: null }],
  };
  expect(kinds(world({ hosts: [host({ coverage: { ...host().coverage, runtime: partial } })] }))).toEqual([
    'partial',
    'enforced',
    'enforced',
  ]);
  expect(kinds(world({ active: new Map() }))).toEqual(['no-contract', 'no-contract', 'no-contract']);
  const { runtime: _runtime, ...rest } = enforced.contract;
  expect(kinds(world({ active: new Map([['orders', { ...enforced, contract: rest }]]) }))[0]).toBe('unmanaged');
});

test('a version that waits for the next start, or that the host cannot refuse by, is not green', () => {
  const unheld = (until: 'next-start' | 'never', service = 'orders') => {
    const runtime = { ...host().coverage.runtime, unheld: [{ service, until, reason: 'why' }] };
    return world({ hosts: [host({ coverage: { ...host().coverage, runtime } })] });
  };
  expect(kinds(unheld('next-start'))).toEqual(['next-start', 'enforced', 'enforced']);
  expect(holdsOf(unheld('never'), 'orders')[0]).toEqual({ layer: 'runtime', hold: 'observed', reason: 'a: why' });
  expect(kinds(unheld('never', 'another'))[0]).toBe('enforced');
});

test('the headline says plainly that nothing is watched', () => {
  expect(coverageView(world({ hosts: [] })).headline).toEqual([
    { text: 'No host reports yet. Nothing is watched.', tone: 'bad' },
  ]);
  expect(coverageView(world()).headline[0]).toEqual({
    text: '1 of 1 service is held on all three layers.',
    tone: 'good',
  });
});

let numbers = 0;
function row(event: Observation['event'], more: Partial<Observation> = {}): Observation {
  numbers += 1;
  return {
    id: `a:b:${numbers}`,
    at: now,
    host: 'a',
    layer: 'api',
    service: 'orders',
    workload: workload.id,
    identity: null,
    source: 'sidecar',
    join: {},
    event,
    ...more,
  };
}
const verdict = { effect: 'allow', contract: 'x', version: 1, clause: null, reason: 'allowed' } as const;
const request = (
  direction: 'in' | 'out',
  peer: string | undefined,
  effect: 'allow' | 'deny' | 'would-deny',
  more: Partial<Observation> = {},
) =>
  row(
    {
      kind: 'request',
      direction,
      method: 'GET',
      path: '/x\u001b',
      ...(peer === undefined ? {} : { peer }),
      verdict: { ...verdict, effect, reason: effect === 'allow' ? 'allowed' : 'path' },
      durationMs: 5,
    },
    more,
  );

test('a call is counted once, though both sides report it', () => {
  const traffic = trafficWindow();
  traffic.add(request('out', 'orders', 'allow', { service: 'web' }));
  traffic.add(request('in', 'web', 'allow', { join: { caller: 'spiffe://td/service/web' } }));
  traffic.add(request('out', 'orders', 'deny', { service: 'web' }));
  const { edges } = mapView(world({ services: ['orders', 'web'] }), everything, traffic, 5);
  expect(edges).toHaveLength(1);
  expect(edges[0]).toMatchObject({
    from: 'service:web',
    to: 'service:orders',
    count: 2,
    refused: 1,
    mtls: true,
    p50Ms: 5,
    protocol: 'http',
  });
});

test('what passed while a contract was still learned is no deviation; what an approved one would refuse is', () => {
  const passed = (version: number, reason: 'learning' | 'path') => {
    const traffic = trafficWindow();
    const one = request('in', 'web', 'would-deny');
    if (one.event.kind !== 'request') throw new Error('no request');
    traffic.add({ ...one, event: { ...one.event, verdict: { ...one.event.verdict, version, reason } } });
    return traffic.edges(0, now * 2).edges[0]?.wouldRefuse;
  };
  expect([passed(0, 'path'), passed(3, 'learning'), passed(3, 'path')]).toEqual([0, 0, 1]);
});

test('an unknown caller is an outside node, escaped, and never shown as mutual TLS', () => {
  const traffic = trafficWindow();
  traffic.add(
    row(
      { kind: 'flow', direction: 'out', address: 'evil\u001b[2J', port: 4444, mtls: false, verdict },
      { layer: 'network' },
    ),
  );
  const map = mapView(world(), everything, traffic, 5);
  expect(map.edges[0]).toMatchObject({ mtls: false, protocol: 'tcp' });
  expect(map.nodes.find(({ kind }) => kind === 'outside')?.label).toBe('evil\\x1b[2J:4444');
});

test('a clock that runs ahead does not push the present out of the window', () => {
  const traffic = trafficWindow();
  traffic.add(request('in', 'web', 'allow'));
  traffic.add(request('in', 'web', 'allow', { at: now + 9_000_000_000 }));
  expect(mapView(world(), everything, traffic, 5).edges[0]?.count).toBe(1);
});

const signal = (more: Partial<Signal>): Signal => ({
  id: `RT-001:${more.observation ?? 'o1'}`,
  at: now,
  host: 'a',
  layer: 'runtime',
  service: 'orders',
  workload: workload.id,
  identity: null,
  rule: 'RT-001',
  kind: 'rule',
  severity: 'high',
  tactic: 'TA0002',
  technique: null,
  title: 'orders started sh',
  detail: '',
  outcome: 'detected',
  observation: 'o1',
  join: {},
  ...more,
});

test('an incident reads in order of time, says what made it possible and what to do next', () => {
  const incident: Incident = {
    id: 'INC-4',
    state: 'open',
    severity: 'critical',
    score: 90,
    title: 'orders was taken over',
    openedAt: now + 100,
    firstAt: now,
    lastAt: now + 50,
    containedAt: null,
    layers: ['runtime', 'api'],
    tactics: ['TA0001', 'TA0002'],
    services: ['orders'],
    signals: [
      signal({ id: 's2', at: now + 50, observation: 'o2' }),
      signal({ id: 's1', at: now, layer: 'api', tactic: 'TA0001', outcome: 'refused', title: 'odd\u001b' }),
    ],
    links: [
      { from: 's1', to: 's2', by: 'trace' },
      { from: 's1', to: 'gone', by: 'x' },
    ],
  };
  const audit = { ...enforced, contract: withModes(enforced.contract, { runtime: 'audit' }) };
  const shown = incidentView({
    incident,
    actions: [],
    evidence: [],
    observations: new Map(),
    gaps: [],
    active: new Map([['orders', audit]]),
  });
  expect(shown.story.map(({ id, afterMs }) => [id, afterMs])).toEqual([
    ['signal:s1', 0],
    ['signal:s2', 50],
  ]);
  expect(shown.story[0]).toMatchObject({ sentence: 'odd\\x1b', links: [{ to: 'signal:s2', by: 'trace' }] });
  expect(shown.causes).toEqual([
    expect.objectContaining({ layer: 'runtime', sentence: 'The runtime layer of orders was in audit' }),
  ]);
  expect(shown.stopped.sentence).toBe('Not contained; 1 of its steps refused');
  expect(shown.row).toMatchObject({ detectMs: 100, containMs: null, signals: { runtime: 1, network: 0, api: 1 } });
  expect(shown.next[0]?.command).toBe('tricordon respond plan INC-4');
});

const opening: GlassOpening = {
  id: 'GLASS-1',
  services: null,
  layers: ['api'],
  host: null,
  openedAt: now,
  until: now + 60_000,
  by: 'ana',
  reason: 'to look at it',
  closed: null,
};

test('of services that somebody may not know of nothing is left in the world, and what is left is shown as it was', () => {
  const strange = { ...workload, id: 'ledger-h2-1', service: 'ledger', host: 'h2' };
  const whole = world({
    services: ['orders', 'web', 'ledger'],
    hosts: [
      host({ sockets: [socket, { ...socket, service: 'ledger' }] }),
      { ...host(), host: 'h2', sockets: [{ ...socket, service: 'ledger' }] },
    ],
    workloads: [workload, strange],
    isolated: new Set(['ledger']),
    glass: [
      { ...opening, id: 'GLASS-1', services: ['ledger'] },
      { ...opening, id: 'GLASS-2', services: ['ledger', 'orders'] },
      { ...opening, id: 'GLASS-3', services: null },
    ],
  });
  const reach: Reach = {
    services: ['orders'],
    has: (service) => service === 'orders',
    some: (services) => services.includes('orders'),
  };
  const seen = within(whole, reach);
  expect(JSON.stringify({ ...seen, isolated: [...seen.isolated], active: [...seen.active] })).not.toContain('ledger');
  expect(seen.glass.map(({ id, services }) => [id, services])).toEqual([
    ['GLASS-2', ['orders']],
    ['GLASS-3', null],
  ]);
  expect(holdsOf(seen, 'orders')).toEqual(holdsOf(whole, 'orders'));

  const traffic = trafficWindow();
  const join = { caller: 'spiffe://td/service/web' };
  traffic.add(request('in', 'web', 'allow', { join }));
  traffic.add(request('in', 'web', 'allow', { join, service: 'ledger' }));
  expect(mapView(whole, everything, traffic, 5).edges).toHaveLength(2);
  const map = mapView(seen, reach, traffic, 5);
  // Who calls one's own service is known by name, as it stands in its contract, and by nothing else.
  expect(map.edges.map(({ from, to }) => [from, to])).toEqual([['service:web', 'service:orders']]);
  expect(map.nodes.find(({ id }) => id === 'service:web')).toMatchObject({
    kind: 'outside',
    label: 'web',
    service: null,
  });
});
