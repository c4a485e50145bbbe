import { expect, test } from 'vitest';
import { initialVersion } from '../../contract/index.js';
import type { ContractVersion, Observation } from '../../model/index.js';
import { withModes } from '../contracts.js';
import { contractsInTime } from './contracts-in-time.js';
import { createLearning } from './learning.js';

const first = initialVersion('orders', 'ana', 1_000);
const second: ContractVersion = {
  ...first,
  version: 1,
  decidedAt: 2_000,
  contract: withModes(first.contract, { runtime: 'enforce' }),
};

test('what happened is judged by the contract of its own time', () => {
  const contracts = contractsInTime();
  contracts.learn([
    second,
    { ...first, state: 'superseded' },
    { ...first, version: 2, state: 'proposed', decidedAt: null },
  ]);
  expect(contracts.at('orders', 1_500)?.version.version).toBe(0);
  expect(contracts.at('orders', 2_500)?.version.version).toBe(1);
  expect(contracts.at('orders', 10)?.version.version).toBe(0);
  expect(contracts.at('other', 10)).toBeUndefined();
});

let numbers = 0;
const opened = (path: string, at: number, more: Partial<Observation> = {}): Observation => {
  numbers += 1;
  return {
    id: `a:b:${numbers}`,
    at,
    host: 'a',
    layer: 'runtime',
    service: 'orders',
    workload: 'w',
    identity: null,
    source: 'x',
    join: {},
    event: { kind: 'open', path, write: false },
    ...more,
  };
};

test('learns only in layers that are in learn, after the version came into force, and never during an incident', () => {
  const learning = createLearning();
  learning.follow(new Map([['orders', { ...first, version: 1 }]]), () => []);
  learning.fold(opened('/srv/early', 500));
  expect(learning.proposal('orders')).toBeUndefined();
  learning.fold(opened('/srv/a', 1_500));
  learning.suspended(new Set(['orders']));
  learning.fold(opened('/srv/evil', 1_600));
  learning.suspended(new Set());
  learning.fold(opened('/srv/late', 1_700));
  learning.suspect('orders', 1_650);
  const files = learning.proposal('orders')?.contract.runtime?.files?.map(({ path }) => path);
  expect(files).toEqual(['/srv/a']);
});

test('what a service did at its start, before its first version was recorded, teaches that version', () => {
  const learning = createLearning();
  learning.follow(new Map([['orders', { ...first, version: 0 }]]), () => []);
  learning.fold(opened('/srv/early', 500));
  expect(learning.proposal('orders')?.observed).toBe(1);
});

test('what a detection spoke of is not learned, and said', () => {
  const learning = createLearning();
  learning.follow(new Map([['orders', { ...first, version: 0 }]]), () => []);
  learning.fold(opened('/srv/a', 500));
  learning.passOver(opened('/etc/orders/db-password', 501), 'RT-005 spoke of it');
  expect(learning.proposal('orders')?.contract.runtime?.files?.map(({ path }) => path)).toEqual(['/srv/a']);
  expect(learning.passedOver('orders')).toEqual([
    { what: '/etc/orders/db-password', why: 'RT-005 spoke of it', count: 1 },
  ]);
});

test('layers that do not learn keep what is in force', () => {
  const learning = createLearning();
  const contract = { ...second.contract, runtime: { executables: [{ id: 'run-node', path: '/usr/bin/node' }] } };
  learning.follow(new Map([['orders', { ...second, contract }]]), () => []);
  learning.fold(opened('/srv/a', 3_000));
  expect(learning.proposal('orders')).toBeUndefined();
  const flow = {
    kind: 'flow',
    direction: 'out',
    peer: 'web',
    address: '10.0.0.1',
    port: 80,
    mtls: true,
    verdict: { effect: 'allow', contract: 'x', version: 1, clause: null, reason: 'learning' },
  } as const;
  learning.fold(opened('', 3_000, { layer: 'network', event: flow }));
  const proposal = learning.proposal('orders')?.contract;
  expect(proposal?.runtime).toEqual(contract.runtime);
  expect(proposal?.mode.runtime).toBe('enforce');
  expect(proposal?.network?.egress).toHaveLength(1);
});

test('evidence speaks for layers that learn alone, also where a kept clause has the name of a learned one', () => {
  const learning = createLearning();
  const contract = {
    ...second.contract,
    mode: { runtime: 'enforce', network: 'audit', api: 'learn' } as const,
    network: { ingress: [{ id: 'in-web', from: { service: 'web' }, ports: ['tcp/80'] }], egress: [] },
  };
  learning.follow(new Map([['orders', { ...second, contract }]]), () => []);
  const event = {
    kind: 'request',
    direction: 'in',
    method: 'GET',
    path: '/a',
    peer: 'web',
    status: 200,
    verdict: { effect: 'allow', contract: 'x', version: 1, clause: null, reason: 'learning' },
  } as const;
  const socket = { local: { address: '10.0.0.1', port: 80 }, peer: { address: '10.0.0.2', port: 40_000 } };
  learning.fold(opened('', 3_000, { layer: 'api', event, join: { socket } }));
  expect([...(learning.proposal('orders')?.evidence.keys() ?? [])]).toEqual(['get-a']);
});

test('gives no proposal while what was learned before a start is still being read', () => {
  const learning = createLearning();
  learning.follow(new Map([['orders', first]]), () => []);
  learning.reading(new Set(['orders']));
  expect(() => learning.proposal('orders')).toThrowError(/still being read/);
});
