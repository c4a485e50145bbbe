import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { keyPair, observation, type Plane, send, startPlane, type TestAgent, workloadRequest } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let a: TestAgent;
let b: TestAgent;

beforeAll(async () => {
  plane = await startPlane();
  a = await plane.agent('host-a');
  b = await plane.agent('host-b');
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

const none = { level: 'none', by: '', gaps: [] };
const full = { level: 'full', by: 'bpftrace', gaps: [] };

describe('enrolment', () => {
  const anonymous = () =>
    new Agent({ ca: plane.server.context.authority.bundle().join(''), checkServerIdentity: () => undefined });

  it('takes a token once, for its own host, and repeats a lost answer to the same key only', async () => {
    const { token } = (await plane.call('POST', '/v1/enrolment-tokens', { body: { host: 'host-c' } })).json;
    const enrol = (body: object) =>
      send(plane.server.addresses.agentUrl, 'POST', '/agent/v1/enroll', { client: anonymous(), body });
    const { publicKey } = keyPair();
    expect((await enrol({ token, host: 'host-d', publicKey })).status).toBe(401);
    expect((await enrol({ token: 'x'.repeat(43), host: 'host-c', publicKey })).status).toBe(401);
    expect((await enrol({ token, host: 'host-c', publicKey: 'no key' })).json.code).toBe('invalid');
    const first = await enrol({ token, host: 'host-c', publicKey });
    expect(first.json.id).toBe('spiffe://test.local/agent/host-c');
    expect((await enrol({ token, host: 'host-c', publicKey })).status).toBe(200);
    expect((await enrol({ token, host: 'host-c', publicKey: keyPair().publicKey })).status).toBe(401);
  });

  it('refuses every other endpoint without a certificate, and with one that is no agent', async () => {
    const bare = await a.call('GET', 'state?revision=-1', undefined, { client: anonymous() });
    expect([bare.status, bare.json.code]).toEqual([401, 'unauthenticated']);
    const { key, publicKey } = keyPair();
    const svid = plane.server.context.authority.issueSvid({ id: 'spiffe://test.local/service/orders', publicKey });
    const workload = new Agent({
      ca: plane.server.context.authority.bundle().join(''),
      key,
      cert: svid.chainPem.join(''),
    });
    const posing = await a.call('GET', 'state?revision=-1', undefined, { client: workload });
    expect([posing.status, posing.json.code]).toEqual([401, 'unauthenticated']);
  });

  it('renews, honours the certificate before for a lost answer, and none older', async () => {
    const c = await plane.agent('host-r');
    const next = await renewed(c);
    const third = await renewed(next);
    expect((await c.call('GET', 'state?revision=-1')).status).toBe(401);
    expect((await next.call('GET', 'state?revision=-1')).status).toBe(200);
    expect((await third.call('GET', 'state?revision=-1')).status).toBe(200);
    const again = await plane.agent('host-r');
    expect((await third.call('GET', 'state?revision=-1')).status).toBe(401);
    expect((await again.call('GET', 'state?revision=-1')).status).toBe(200);
  });

  it('ends with a withdrawal: the agent is refused, also in a poll that waits, and its identities are named as revoked', async () => {
    const lost = await plane.agent('host-lost');
    const workload = await lost.workload('stray');
    const { revision } = (await lost.call('GET', 'state?revision=-1')).json;
    const waiting = lost.call('GET', `state?revision=${revision}`);
    const operator = await plane.token(['approve']);
    const path = '/v1/hosts/host-lost/withdraw';
    expect((await plane.call('POST', path, { body: {}, token: operator })).status).toBe(403);
    const done = await plane.call('POST', path, { body: {} });
    expect(done.json).toEqual({ host: 'host-lost', workloads: 1 });
    expect((await waiting).status).toBe(401);
    const rows = { observations: [observation(workload, 'host-lost', { kind: 'exit' })] };
    const { publicKey } = keyPair();
    for (const [verb, to, body] of [
      ['GET', 'state?revision=-1', undefined],
      ['GET', 'time', undefined],
      ['POST', 'observations', rows],
      ['POST', 'renew', { publicKey }],
      ['POST', `workloads/${workload.id}/svid`, { publicKey }],
      ['POST', 'workloads', workloadRequest('stray-host-lost-00000001', 'stray')],
    ] as const)
      expect([to, (await lost.call(verb, to, body)).status]).toEqual([to, 401]);
    const revoked = async () => (await a.call('GET', 'state?revision=-1')).json.revoked;
    expect(await revoked()).toContain('spiffe://test.local/agent/host-lost');
    const back = await plane.agent('host-lost');
    expect((await back.call('GET', 'state?revision=-1')).status).toBe(200);
    expect(await revoked()).not.toContain('spiffe://test.local/agent/host-lost');
    expect((await back.call('POST', `workloads/${workload.id}/svid`, { publicKey })).json.code).toBe('conflict');
    expect((await plane.call('POST', '/v1/hosts/nobody/withdraw', { body: {} })).status).toBe(404);
  });

  async function renewed(agent: TestAgent): Promise<TestAgent> {
    const { key, publicKey } = keyPair();
    const answer = await agent.call('POST', 'renew', { publicKey });
    const client = new Agent({
      ca: plane.server.context.authority.bundle().join(''),
      key,
      cert: answer.json.chain.join(''),
    });
    return { ...agent, client, call: (method, path, body) => agent.call(method, path, body, { client }) };
  }
});

describe('workloads', () => {
  it('gives a new service version 0 in learn before its first identity', async () => {
    const answer = await a.call('POST', 'workloads', workloadRequest('orders-host-a-00000001', 'orders'));
    expect(answer.json.contract).toMatchObject({ version: 0, state: 'approved', origin: 'initial' });
    expect(answer.json.contract.contract.mode).toEqual({ runtime: 'learn', network: 'learn', api: 'learn' });
    expect(answer.json.workload.attributes).toMatchObject({ platform: 'process', approved: 'not-yet', host: 'host-a' });
    expect(answer.json.svid.id).toBe('spiffe://test.local/service/orders');
    const again = await a.call('POST', 'workloads', workloadRequest('orders-host-a-00000001', 'orders'));
    expect([again.status, again.json.contract.version]).toEqual([200, 0]);
  });

  it('starts a service once, however many say so at the same time', async () => {
    const many = await Promise.all(
      ['1', '2', '3', '4'].map((n) => a.call('POST', 'workloads', workloadRequest(`busy-host-a-0000000${n}`, 'busy'))),
    );
    expect(many.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await plane.call('GET', '/v1/contracts/busy')).json.versions).toHaveLength(1);
  });

  it('lets a host speak for nobody else', async () => {
    const workload = await a.workload('catalog');
    const attempts = [
      b.call('POST', `workloads/${workload.id}/svid`, { publicKey: keyPair().publicKey }),
      b.call('POST', `workloads/${workload.id}/ended`, {}),
      b.call('POST', 'observations', { observations: [observation(workload, 'host-a', { kind: 'exit' })] }),
      b.call('POST', 'observations', { observations: [observation(workload, 'host-b', { kind: 'exit' })] }),
    ];
    for (const attempt of await Promise.all(attempts))
      expect([attempt.status, attempt.json.code]).toEqual([403, 'foreign-host']);
    const same = await b.call('POST', 'workloads', workloadRequest('catalog-host-b-00000001', 'catalog'));
    expect([same.status, same.json.code]).toEqual([403, 'service-not-registered']);
    await plane.call('POST', '/v1/services', { body: { service: 'catalog', hosts: ['host-a', 'host-b'] } });
    expect((await b.call('POST', 'workloads', workloadRequest('catalog-host-b-00000001', 'catalog'))).status).toBe(200);
    expect((await plane.call('GET', '/v1/observations?service=catalog')).json.observations).toEqual([]);
  });

  it('lets only somebody who may approve say where a service runs, and adds hosts without forgetting others', async () => {
    await a.workload('spread');
    const body = { service: 'spread', addHosts: ['host-b'] };
    const refused = await plane.call('POST', '/v1/services', { body, token: await plane.token(['operate']) });
    expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);
    expect((await b.call('POST', 'workloads', workloadRequest('spread-host-b-00000001', 'spread'))).status).toBe(403);
    const allowed = await plane.call('POST', '/v1/services', { body, token: await plane.token(['approve']) });
    expect(allowed.json).toMatchObject({ service: 'spread', hosts: ['host-a', 'host-b'] });
    expect((await b.call('POST', 'workloads', workloadRequest('spread-host-b-00000001', 'spread'))).status).toBe(200);
    const known = await plane.call('POST', '/v1/services', { body: { service: 'spread' } });
    expect(known.json.hosts).toEqual(['host-a', 'host-b']);
  });

  it('lets a workload keep its id over a restart from the same code, and from no other', async () => {
    const workload = await a.workload('mailer');
    const other = workloadRequest(workload.id, 'mailer');
    const attested = other['attestation'] as object;
    const again = { ...other, attestation: { ...attested, pid: 99 } };
    expect((await a.call('POST', 'workloads', again)).json.workload.attestation.pid).toBe(99);
    const posing = { ...other, attestation: { ...attested, codeDigest: `sha256:${'e'.repeat(64)}` } };
    expect((await a.call('POST', 'workloads', posing)).json.code).toBe('conflict');
  });

  it('gives no identity to what has ended', async () => {
    const workload = await a.workload('mailer');
    expect((await a.call('POST', `workloads/${workload.id}/ended`, { status: 0 })).status).toBe(200);
    expect((await a.call('POST', `workloads/${workload.id}/ended`, { status: 0 })).status).toBe(200);
    expect((await a.call('POST', `workloads/${workload.id}/svid`, { publicKey: keyPair().publicKey })).json.code).toBe(
      'conflict',
    );
    expect((await a.call('POST', 'workloads', workloadRequest('mailer-x', 'mailer'))).json.code).toBe('invalid');
  });
});

describe('observations', () => {
  it('takes each row once, however often a batch comes, and refuses only what is wrong', async () => {
    const workload = await a.workload('payments');
    const good = [
      observation(workload, 'host-a', { kind: 'exec', path: '/usr/bin/node', args: ['node'] }),
      observation(workload, 'host-a', { kind: 'open', path: '/etc/hosts\u0000\u001b[31m', write: false }),
    ];
    const rows = [...good, { nonsense: true }, { ...good[0], id: 'host-a:b00t:x', service: 'orders' }, good[0]];
    const first = await a.call('POST', 'observations', { observations: rows });
    expect(first.json).toMatchObject({ accepted: 2, duplicates: 1, refused: 2 });
    const second = await a.call('POST', 'observations', { observations: rows });
    expect(second.json).toMatchObject({ accepted: 0, duplicates: 3, refused: 2 });
    const kept = (await plane.call('GET', '/v1/observations?service=payments')).json.observations;
    expect(kept.map(({ id }: { id: string }) => id).sort()).toEqual(good.map(({ id }) => id).sort());
    expect(kept.some(({ event }: { event: { path: string } }) => event.path === '/etc/hosts\u0000\u001b[31m')).toBe(
      true,
    );
  });

  it('refuses batches over 8 MiB or 5,000 rows', async () => {
    const big = await a.call('POST', 'observations', { observations: ['x'.repeat(9 << 20)] }).then(
      ({ status }) => status,
      () => 413, // the connection may be closed while we still write
    );
    expect(big).toBe(413);
    const many = await a.call('POST', 'observations', { observations: Array.from({ length: 5_001 }, () => 0) });
    expect([many.status, many.json.code]).toEqual([400, 'invalid']);
  });

  it('are followed by a cursor', async () => {
    const workload = await a.workload('follow');
    const { cursor } = (await plane.call('GET', '/v1/observations?service=follow')).json;
    const row = observation(workload, 'host-a', { kind: 'exit', status: 3 });
    await a.call('POST', 'observations', { observations: [row] });
    const next = (await plane.call('GET', `/v1/observations?service=follow&after=${cursor}`)).json;
    expect(next.observations).toEqual([row]);
    expect((await plane.call('GET', `/v1/observations?service=follow&after=${next.cursor}`)).json.observations).toEqual(
      [],
    );
    expect((await plane.call('GET', '/v1/observations?after=1%27--')).status).toBe(400);
  });
});

describe('state and reports', () => {
  it('wakes a waiting agent when something changes, with endpoints of all hosts', async () => {
    const { revision } = (await b.call('GET', 'state?revision=-1')).json;
    const waiting = b.call('GET', `state?revision=${revision}`);
    const report = {
      coverage: { runtime: full, network: full, api: full },
      lost: 0,
      sockets: [],
      endpoints: [{ service: 'orders', endpoints: [{ address: '127.0.0.1', port: 4001 }] }],
    };
    expect((await a.call('POST', 'report', report)).status).toBe(200);
    const state = (await waiting).json;
    expect(state.revision).toBeGreaterThan(revision);
    expect(state.services).toContainEqual({ service: 'orders', endpoints: [{ address: '127.0.0.1', port: 4001 }] });
    // Known, and running nowhere: a caller must not take the name for an address outside.
    expect(state.services).toContainEqual({ service: 'catalog', endpoints: [] });
    expect(state.contracts.map(({ service }: { service: string }) => service)).toContain('orders');
    const answer = (await plane.call('GET', '/v1/coverage')).json;
    expect(answer.hosts).toContainEqual(expect.objectContaining({ host: 'host-a', state: 'reporting' }));
    expect(answer.hosts).toContainEqual(expect.objectContaining({ host: 'host-b', state: 'enrolled' }));
  });

  it('never shows as held what nothing watches', async () => {
    await a.call('POST', 'report', {
      coverage: { runtime: none, network: full, api: full },
      lost: 7,
      sockets: [],
      endpoints: [],
    });
    const answer = (await plane.call('GET', '/v1/coverage')).json;
    const orders = answer.services.find(({ service }: { service: string }) => service === 'orders');
    expect(orders.holds.map(({ hold }: { hold: string }) => hold)).toEqual(['unwatched', 'learning', 'learning']);
    expect(answer.summary).toMatchObject({ lost: 7, heldOnAll: 0 });
  });
});

it('answers the long poll on one kept connection as often as it is asked, and keeps no listener for it', async () => {
  const agent = await plane.agent('poller');
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  agent.client.maxSockets = 1;
  for (let n = 0; n < 15; n += 1) expect((await agent.call('GET', 'state?revision=-1')).status).toBe(200);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warned);
  expect(warnings.map(({ name }) => name)).toEqual([]);
});

it('does not list the gateway among the services that have a contract', async () => {
  const agent = await plane.agent('edge');
  await agent.workload('gateway');
  await agent.workload('behind');
  const { json } = await plane.call('GET', '/v1/contracts');
  const names = json.contracts.map((row: { service: string }) => row.service);
  expect(names).toContain('behind');
  expect(names).not.toContain('gateway');
});
