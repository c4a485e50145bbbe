import { expect, test } from 'vitest';
import { Contract } from '../model/index.js';
import { emptyContract } from './initial.js';
import { isBeyondFirst, notHeld } from './not-held.js';

const serve = { id: 'a', methods: ['GET'], path: '/', from: [{ service: 'x' }] };
const of = (parts: object) => notHeld(Contract.parse({ ...emptyContract('s', 'enforce'), ...parts }));

const messages = { api: { messages: { publish: [] } } };

test.each([
  {},
  { api: { serves: [serve], calls: [] }, deny: [{ id: 'd', layer: 'api', path: '/x' }] },
  {
    api: { serves: [{ ...serve, user: {}, rate: { requests: 1, per: '1s' }, where: 'caller.environment == "prod"' }] },
  },
  {
    api: {
      serves: [{ ...serve, until: '2030-01-01', mode: 'audit' }],
      listeners: [{ port: 'tcp/1', protocol: 'tcp' }],
    },
  },
  { api: { serves: [{ ...serve, from: [{ service: 'x', match: { environment: 'prod' } }] }] } },
  { network: { egress: [{ id: 'e', to: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, ports: ['tcp/1-9'] }] } },
  { api: { calls: [{ id: 'c', to: { service: 'x' }, methods: ['GET'], path: '/', ports: ['tcp/1'] }] } },
  { require: { environment: 'prod' } },
])('%j is held', (parts) => {
  expect(of(parts)).toEqual([]);
});

test.each([
  [{ network: { egress: [{ id: 'e', to: { match: { environment: 'prod' } }, ports: ['tcp/1'] }] } }, 'match'],
  [{ deny: [{ id: 'd', layer: 'network', to: { service: 'x', match: { environment: 'prod' } } }] }, 'match'],
  [{ api: { serves: [{ ...serve, where: 'callee.environment == "prod"' }] } }, 'callee'],
  [messages, 'api.messages'],
  [{ deny: [{ id: 'd', layer: 'api', publish: 'a' }] }, 'publish'],
  [{ runtime: { rootfs: 'readonly' } }, 'runtime.rootfs'],
  [{ runtime: { executables: [{ id: 'x', path: '/bin/a', until: '2030-01-01' }] } }, 'until'],
])('%j is told', (parts, what) => {
  expect(of(parts).join()).toMatch(new RegExp(`\`${what}\`.* is not held yet`));
});

test('what 0.1 knows goes to its agents, anything newer does not', () => {
  const beyond = (parts: object) => isBeyondFirst(Contract.parse({ ...emptyContract('s', 'enforce'), ...parts }));
  expect(beyond({ api: { serves: [serve], calls: [] }, runtime: { executables: [{ id: 'x', path: '/bin/a' }] } })).toBe(
    false,
  );
  expect(beyond({ network: { egress: [{ id: 'e', to: { service: 'x' }, ports: ['tcp/1'] }] } })).toBe(false);
  const newer = [
    messages,
    { require: { environment: 'prod' } },
    { runtime: { rootfs: 'readonly' } },
    { api: { serves: [{ ...serve, user: 'none' }] } },
    { api: { serves: [{ ...serve, from: [{ match: { environment: 'prod' } }] }] } },
    { network: { egress: [{ id: 'e', to: { service: 'x' }, ports: ['tcp/1-2'] }] } },
    { api: { calls: [{ id: 'c', to: { service: 'x' }, methods: ['GET'], path: '/', ports: ['tcp/1'] }] } },
  ];
  for (const parts of newer) expect(beyond(parts)).toBe(true);
});
