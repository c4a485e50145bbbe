import { expect, test } from 'vitest';
import { Bound, Contract, type ContractVersion, Observation, type Verdict } from '../../model/index.js';
import { initialVersion } from '../initial.js';
import { explainRecorded } from './explain-recorded.js';

function version(number: number, parts: object, service = 'payments'): ContractVersion {
  const initial = initialVersion(service, 'test', 0);
  const mode = { runtime: 'off', network: 'enforce', api: 'enforce' };
  return { ...initial, version: number, contract: Contract.parse({ ...initial.contract, mode, ...parts }) };
}

const charge = { id: 'charge', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }] };
const denied = { effect: 'deny', contract: 'payments', version: 3, clause: null, reason: 'caller-not-listed' } as const;

function request(verdict: Partial<Verdict>, more: object = {}): Observation {
  return Observation.parse({
    id: 'host-a:b00t:1',
    at: Date.parse('2026-11-23T12:00:00Z'),
    host: 'host-a',
    layer: 'api',
    service: 'payments',
    workload: null,
    identity: 'spiffe://shop/service/payments',
    source: 'sidecar',
    join: { caller: 'spiffe://shop/service/web' },
    event: { kind: 'request', direction: 'in', method: 'POST', path: '/charges', verdict: { ...denied, ...verdict } },
    ...more,
  });
}

test('a refusal says what was wanted, what came, what would change it, and what holds now', () => {
  const [then, now] = [
    version(3, { api: { serves: [charge] } }),
    version(4, { api: { serves: [{ ...charge, from: [...charge.from, { service: 'web' }] }] } }),
  ];
  expect(explainRecorded(request({}), then, now)).toEqual({
    sentence:
      'denied by payments@3: no clause lists this caller; nearest: `charge` wants caller service orders, got service web',
    nearest: [{ clause: 'charge', predicate: 'caller', wanted: 'service orders', got: 'service web' }],
    change: [{ op: 'add', path: '/api/serves/0/from/-', value: { service: 'web' } }],
    repeated: true,
    now: { version: 4, decision: 'allow', clause: 'charge' },
  });
});

test('attributes and claims as they were count, not those of today', () => {
  const asking = {
    ...charge,
    from: [{ service: 'web', match: { environment: 'prod' } }],
    user: { claims: { scope: 'pay' } },
  };
  const then = version(3, { api: { serves: [asking] } });
  const facts = { attributes: { environment: 'prod' }, claims: { scope: 'read' } };
  const claim = explainRecorded(request({ reason: 'claim-value', ...facts }), then, undefined);
  expect(claim).toMatchObject({ repeated: true, change: null, now: null });
  expect(claim?.nearest).toEqual([{ clause: 'charge', predicate: 'user.scope', wanted: 'pay', got: 'read' }]);
});

test('where asking again gives another answer, only what was recorded is said', () => {
  const told = request({ nearest: 'charge: caller: wanted service orders, got service web' });
  const found = explainRecorded(
    told,
    version(3, { api: { serves: [{ ...charge, from: [{ service: 'web' }] }] } }),
    undefined,
  );
  expect(found).toMatchObject({ repeated: false, nearest: [], change: null });
  expect(found?.sentence).toContain('nearest: charge: caller: wanted service orders');
  expect(explainRecorded(told, undefined, undefined)).toMatchObject({ repeated: false, now: null });
});

test('connections and calls of the service itself are asked of its own side', () => {
  const parts = {
    network: { egress: [{ id: 'db', to: { host: 'db.example' }, ports: ['tcp/5432'] }] },
    api: { calls: [{ id: 'rates', to: { service: 'rates' }, methods: ['GET'], path: '/rates' }] },
  };
  const then = version(3, parts);
  const flow = request(
    {},
    {
      layer: 'network',
      join: {},
      event: {
        kind: 'flow',
        direction: 'out',
        address: 'evil.example',
        port: 443,
        mtls: false,
        verdict: { ...denied, reason: 'peer-not-listed' },
      },
    },
  );
  expect(explainRecorded(flow, then, then)).toMatchObject({
    repeated: true,
    change: [{ op: 'add', path: '/network/egress/-', value: { to: { host: 'evil.example' }, ports: ['tcp/443'] } }],
  });
  const call = request(
    {},
    {
      join: {},
      event: {
        kind: 'request',
        direction: 'out',
        method: 'DELETE',
        path: '/rates',
        peer: 'rates',
        verdict: { ...denied, reason: 'method' },
      },
    },
  );
  expect(explainRecorded(call, then, then)).toMatchObject({
    repeated: true,
    nearest: [{ clause: 'rates', predicate: 'method' }],
    now: { decision: 'deny' },
  });
});

test('what a bound refused is explained by the bound, and is never widened', () => {
  const then = version(3, { api: { serves: [{ ...charge, from: [{ service: 'web' }] }] } });
  const bound = Bound.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Bound',
    name: 'prod',
    api: { serves: [{ id: 'only', methods: ['GET'], path: '/**', from: [{ builtin: 'any-identity' }] }] },
  });
  const refused = request({ reason: 'bound', clause: null });
  expect(explainRecorded(refused, then, then, [bound])).toMatchObject({
    repeated: true,
    nearest: [{ clause: 'prod/only', predicate: 'method' }],
    change: null,
    now: { decision: 'deny' },
  });
  expect(explainRecorded(refused, then, then)).toMatchObject({ repeated: false, now: { decision: 'allow' } });
});

test('what is no decision has no explanation', () => {
  const event = { kind: 'exec', path: '/bin/sh', args: [] };
  expect(explainRecorded(request({}, { layer: 'runtime', event }), undefined, undefined)).toBe(undefined);
});
