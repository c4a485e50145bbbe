/** Bases and bounds at the control plane: what contracts have in common, and what none of them passes. */
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { documentDigest, parseContractDocument } from '../../../src/contract/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { observation, type Plane, startPlane, type TestAgent } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let agent: TestAgent;
beforeEach(async () => {
  plane = await startPlane();
  agent = await plane.agent('host-a');
});
afterEach(() => plane.close());
afterAll(stopTestStores);

const document = (kind: string, parts: object) => JSON.stringify({ apiVersion: 'tricordon/v1', kind, ...parts });
const base = (version: number, path = '/usr/bin/node') =>
  document('Base', { name: 'node', version, runtime: { executables: [{ id: 'node', path }] } });
const bound = (parts: object) => document('Bound', { name: 'prod', ...parts });
const contract = (parts: object, mode = 'enforce') =>
  document('Contract', { service: 'stock', mode: { runtime: 'off', network: mode, api: mode }, ...parts });
const digestOf = (text: string) => documentDigest(parseContractDocument(text, 'x'));

const put = (kind: 'bases' | 'bounds', text: string, more: object = {}, token?: string) =>
  plane.call('POST', `/v1/policy/${kind}`, { body: { text, ...more }, ...(token === undefined ? {} : { token }) });
const propose = (text: string) => plane.call('POST', '/v1/contracts/stock/propose', { body: { text } });
async function approve(text: string) {
  const { status, json } = await propose(text);
  if (status !== 200) return { status, json };
  const { version, digest } = json.version;
  return plane.call('POST', '/v1/contracts/stock/approve', { body: { version, digest } });
}
const label = (labels: object) => plane.call('POST', '/v1/services/stock/labels', { body: { labels } });
const state = async (protocol = 2) =>
  (
    await agent.call('GET', 'state?revision=-1', undefined, {
      headers: { 'tricordon-agent-protocol': String(protocol) },
    })
  ).json;

it('a contract is in force with its bases and exceptions, and is kept as it was written', async () => {
  await agent.workload('stock');
  const known = await put('bases', base(1));
  expect([known.status, known.json]).toEqual([200, { name: 'node', version: 1, digest: digestOf(base(1)) }]);
  expect((await put('bases', base(1))).status).toBe(200);
  const other = await put('bases', base(1, '/usr/bin/python3'));
  expect([other.status, other.json.code]).toEqual([409, 'conflict']);

  const written = (digest: string) =>
    contract({
      extends: [{ name: 'node', version: 1, digest }],
      runtime: { executables: [] },
      network: { egress: [] },
      exceptions: [
        {
          id: 'move',
          owner: 'ana',
          reason: 'SEC-41',
          until: '2030-01-01',
          allow: { egress: { to: { cidr: '192.0.2.0/24' }, ports: ['tcp/5432'] } },
        },
      ],
    });
  const wrong = await propose(written(`sha256:${'0'.repeat(64)}`));
  expect([wrong.status, wrong.json.detail]).toEqual([400, expect.stringContaining(digestOf(base(1)))]);
  const approved = await approve(written(digestOf(base(1))));
  expect(approved.status).toBe(200);
  const { contract: inForce } = approved.json.version;
  expect(inForce.runtime.executables).toEqual([{ id: 'node/node', path: '/usr/bin/node' }]);
  expect(inForce.network.egress).toMatchObject([{ id: 'move', until: '2030-01-01' }]);
  expect(inForce).not.toHaveProperty('extends');
  expect(approved.json.written).toContain('owner: ana');
  const [given] = (await state()).contracts;
  expect(given.contract).toEqual(inForce);
  expect((await state(1)).contracts).toEqual([]);
  // A change of modes alone keeps what was written.
  const mode = await plane.call('POST', '/v1/contracts/stock/mode', { body: { mode: { api: 'audit' } } });
  expect([mode.status, mode.json.written]).toEqual([200, expect.stringContaining('owner: ana')]);
  const slash = await propose(contract({ runtime: { executables: [{ id: 'node/x', path: '/bin/sh' }] } }));
  expect([slash.status, slash.json.detail]).toEqual([400, expect.stringContaining('as those of bases have')]);
});

const inside = { network: { egress: [{ id: 'db', to: { cidr: '10.1.0.0/16' }, ports: ['tcp/5432'] }] } };
const outside = { network: { egress: [{ id: 'all', to: { cidr: '0.0.0.0/0' }, ports: ['tcp/443'] }] } };
const narrow = { network: { egress: [{ id: 'own', to: { cidr: '10.0.0.0/8' }, ports: ['tcp/*'] }] } };

it('nothing outside of a bound is approved, by whatever way it comes', async () => {
  await agent.workload('stock');
  expect((await approve(contract(inside))).status).toBe(200);
  const pending = await propose(contract(outside));
  const text = bound({ appliesTo: { environment: 'prod' }, ...narrow });
  await label({ environment: 'test' });
  expect((await put('bounds', text)).json).toMatchObject({ changed: true, services: [], outside: [] });
  await label({ environment: 'prod' });
  const { version, digest } = pending.json.version;
  const late = await plane.call('POST', '/v1/contracts/stock/approve', { body: { version, digest } });
  expect([late.status, late.json.detail]).toEqual([409, expect.stringMatching(/`all`.*outside the bound `prod`/)]);
  const again = await propose(contract(outside));
  expect([again.status, again.json.code]).toEqual([409, 'conflict']);
  const excepted = {
    id: 'x',
    owner: 'a',
    reason: 'b',
    until: '2030-01-01',
    allow: { egress: { to: { host: 'a.example' }, ports: ['tcp/1'] } },
  };
  expect((await propose(contract({ ...inside, exceptions: [excepted] }))).status).toBe(409);
  const told = await propose(contract({ ...inside, labels: { environment: 'test' } }));
  expect([told.status, told.json.detail]).toEqual([400, expect.stringContaining('it has environment=prod')]);
  expect((await approve(contract({ ...inside, labels: { environment: 'prod' } }))).status).toBe(200);
});

it('a bound is in force at once, for services by their labels, and says what is outside of it', async () => {
  await agent.workload('stock');
  await agent.workload('web');
  expect((await approve(contract(outside))).status).toBe(200);
  await plane.call('POST', '/v1/services/web/labels', { body: { labels: { environment: 'test' } } });
  const text = bound({ appliesTo: { environment: 'prod' }, ...narrow });
  // Of `stock` no environment is known: it is bounded.
  const tried = await put('bounds', text, { dryRun: true });
  expect(tried.json).toMatchObject({
    changed: false,
    services: ['stock'],
    outside: [{ service: 'stock', clause: 'all' }],
  });
  expect((await state()).bounds).toEqual([]);
  const { revision } = await state();
  expect((await put('bounds', text)).json).toMatchObject({ changed: true, outside: [{ clause: 'all' }] });
  expect((await put('bounds', text)).json.changed).toBe(false);
  const now = await state();
  expect(now.revision).toBeGreaterThan(revision);
  expect(now.bounds).toMatchObject([{ bound: { name: 'prod' }, services: ['stock'] }]);
  const old = (await state(1)).contracts.map(({ service }: { service: string }) => service);
  expect(old).toEqual(['web']);
  const { bounds } = (await plane.call('GET', '/v1/policy')).json;
  expect(bounds).toMatchObject([{ services: ['stock'], by: 'tester', digest: digestOf(text) }]);
  const gone = await plane.call('POST', '/v1/policy/bounds/prod/remove', { body: {} });
  expect([gone.status, (await state()).bounds]).toEqual([200, []]);
  expect((await plane.call('POST', '/v1/policy/bounds/prod/remove', { body: {} })).status).toBe(404);
  const { entries } = (await plane.call('GET', '/v1/audit?subject=prod')).json;
  expect(entries.map(({ action }: { action: string }) => action)).toEqual(['bound.remove', 'bound.put']);
});

it('learning never widens past a bound, and says what it left out', async () => {
  const workload = await agent.workload('stock');
  const verdict = { effect: 'would-deny', contract: 'stock', version: 0, clause: null, reason: 'learning' } as const;
  const flow = (address: string) =>
    observation(workload, 'host-a', { kind: 'flow', direction: 'out', address, port: 5432, mtls: false, verdict });
  await agent.call('POST', 'observations', { observations: [flow('10.1.2.3'), flow('203.0.113.9')] });
  await put('bounds', bound(narrow));
  const diff = async () => (await plane.call('GET', '/v1/contracts/stock/diff?to=learned')).json;
  for (let tries = 0; tries < 100 && (await diff()).rows === undefined; tries += 1)
    await new Promise((resume) => setTimeout(resume, 50));
  for (let tries = 0; tries < 100 && !JSON.stringify(await diff()).includes('10.1.2.3'); tries += 1)
    await new Promise((resume) => setTimeout(resume, 50));
  const seen = await diff();
  expect(JSON.stringify(seen.rows)).toContain('10.1.2.3');
  expect(JSON.stringify(seen.rows)).not.toContain('203.0.113.9');
  expect(seen.notLearned).toMatchObject([{ why: expect.stringContaining('outside a bound') }]);
  const proposed = await plane.call('POST', '/v1/contracts/stock/propose', { body: {} });
  expect(JSON.stringify(proposed.json.version.contract)).not.toContain('203.0.113.9');
});

it('who may not, does not; what is no bound, is none', async () => {
  const propose = await plane.token(['read', 'operate', 'approve']);
  expect((await put('bounds', bound(narrow), {}, propose)).status).toBe(403);
  expect((await put('bases', base(1), {}, await plane.token(['read']))).status).toBe(403);
  expect((await put('bases', base(1), {}, propose)).status).toBe(403);
  expect((await put('bases', base(1))).status).toBe(200);
  for (const text of ['', '{', base(2), bound({ network: { egress: [{ id: 'x' }] } }), 'a: &a [*a]'])
    expect((await put('bounds', text)).status).toBe(400);
});
