import { expect, test } from 'vitest';
import { Contract } from '../model/index.js';
import { emptyContract } from './initial.js';
import { notHeld } from './not-held.js';

const serve = { id: 'a', methods: ['GET'], path: '/', from: [{ service: 'x' }] };
const of = (parts: object) => notHeld(Contract.parse({ ...emptyContract('s', 'enforce'), ...parts }));

test('what the data plane holds is held', () => {
  expect(of({})).toEqual([]);
  expect(of({ api: { serves: [serve], calls: [] }, deny: [{ id: 'd', layer: 'api', path: '/x' }] })).toEqual([]);
});

test.each([
  [{ api: { serves: [{ ...serve, user: {} }] } }, 'user'],
  [{ api: { serves: [{ ...serve, rate: { requests: 1, per: '1s' } }] } }, 'rate'],
  [{ api: { serves: [{ ...serve, where: 'true' }] } }, 'where'],
  [{ api: { serves: [{ ...serve, until: '2030-01-01' }] } }, 'until'],
  [{ api: { serves: [{ ...serve, from: [{ service: 'x', match: { environment: 'prod' } }] }] } }, 'match'],
  [{ network: { egress: [{ id: 'e', to: { match: { environment: 'prod' } }, ports: ['tcp/1'] }] } }, 'match'],
  [{ api: { messages: { publish: [] } } }, 'api.messages'],
  [{ deny: [{ id: 'd', layer: 'api', publish: 'a' }] }, 'publish'],
  [{ network: { egress: [{ id: 'e', to: { service: 'x' }, ports: ['tcp/1-9'] }] } }, 'ports'],
  [{ network: { egress: [{ id: 'e', to: { service: 'x' }, ports: ['udp/*'] }] } }, 'ports'],
  [
    { network: { ingress: [{ id: 'e', from: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, ports: ['tcp/1'] }] } },
    'except',
  ],
  [{ api: { calls: [{ id: 'c', to: { service: 'x' }, methods: ['GET'], path: '/', ports: ['tcp/1'] }] } }, 'ports'],
  [{ runtime: { rootfs: 'readonly' } }, 'runtime.rootfs'],
  [{ exceptions: [] }, 'exceptions'],
  [{ require: { environment: 'prod' } }, 'require'],
])('%j is told', (parts, what) => {
  expect(of(parts).join()).toContain(`\`${what}\` is not held yet`);
});
