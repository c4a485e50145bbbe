/** A refused caller has an id and nothing else: with it, whoever may know is told why. */
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import type { Observation } from '../../../src/model/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { observation, type Plane, startPlane, type TestAgent } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let agent: TestAgent;
let workload: { id: string; service: string; identity: string };
beforeEach(async () => {
  plane = await startPlane();
  agent = await plane.agent('host-a');
  workload = await agent.workload('stock');
});
afterEach(() => plane.close());
afterAll(stopTestStores);

const serve = { id: 'items', methods: ['GET'], path: '/items/{id}', from: [{ service: 'shop' }] };

async function approve(serves: object[]): Promise<{ version: number; digest: string }> {
  const text = JSON.stringify({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'stock',
    mode: { runtime: 'off', network: 'off', api: 'enforce' },
    api: { serves },
  });
  const proposed = await plane.call('POST', '/v1/contracts/stock/propose', { body: { text } });
  const { version, digest } = proposed.json.version;
  const approved = await plane.call('POST', '/v1/contracts/stock/approve', { body: { version, digest } });
  expect(approved.status).toBe(200);
  return { version, digest };
}

const decisionId = '0123456789abcdef';

async function refused(of: { version: number; digest: string }): Promise<Observation> {
  const seen = observation(
    workload,
    'host-a',
    {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path: '/items/7',
      peer: 'web',
      status: 403,
      durationMs: 1,
      verdict: {
        effect: 'deny',
        contract: 'stock',
        clause: null,
        reason: 'caller-not-listed',
        decisionId,
        mode: 'enforce',
        attributes: { environment: 'prod' },
        ...of,
      },
    },
    { join: { caller: 'spiffe://test.local/service/web' } },
  );
  const taken = await agent.call('POST', 'observations', { observations: [seen] });
  expect([taken.status, taken.json.accepted]).toEqual([200, 1]);
  return seen;
}

const explained = (id: string, token?: string) =>
  plane.call('GET', `/v1/decisions/${encodeURIComponent(id)}`, token === undefined ? {} : { token });

it('a decision is explained by the contract that gave it, and by the one of today', async () => {
  const first = await approve([serve]);
  const seen = await refused(first);
  const second = await approve([{ ...serve, from: [...serve.from, { service: 'web' }] }]);
  const { status, json } = await explained(decisionId);
  expect(status).toBe(200);
  expect(json).toMatchObject({
    observation: { id: seen.id, event: { verdict: { digest: first.digest, attributes: { environment: 'prod' } } } },
    nearest: [{ clause: 'items', predicate: 'caller', wanted: 'service shop', got: 'service web' }],
    change: [{ op: 'add', path: '/api/serves/0/from/-', value: { service: 'web' } }],
    repeated: true,
    state: 'superseded',
    now: { version: second.version, decision: 'allow', clause: 'items' },
  });
  expect(json.sentence).toContain(`denied by stock@${first.version}: no clause lists this caller`);
  expect((await explained(seen.id)).json).toEqual(json);
});

it('nobody else learns of it, and an id that is not known is one of somebody else', async () => {
  await refused(await approve([serve]));
  await plane.call('POST', '/v1/services/stock/labels', { body: { labels: { team: 'stock' } } });
  const unknown = await explained('ffffffffffffffff');
  expect([unknown.status, unknown.json.code]).toEqual([404, 'not-found']);
  const limited = async (team: string) => {
    const made = await plane.call('POST', '/v1/tokens', {
      body: { name: `of-${team}`, scopes: ['read'], where: { team }, ttlSeconds: 600 },
    });
    return explained(decisionId, made.json.token);
  };
  expect((await limited('stock')).status).toBe(200);
  const outside = await limited('shop');
  expect([outside.status, { ...outside.json, detail: '' }]).toEqual([
    404,
    { ...unknown.json, detail: '', instance: outside.json.instance },
  ]);
  for (const id of ['%', '../status', 'a'.repeat(300), "x' or '1'='1", '\u0000'])
    expect([400, 404]).toContain((await explained(id)).status);
});
