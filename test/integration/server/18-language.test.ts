/** What contracts ask of identities and users, at the control plane: who may be asked for, what reaches which agent. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { svidFrom } from '../../../src/identity/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { readKeys } from '../../../src/server/jobs/user-keys.js';
import { requires } from '../../requires.js';
import { keyPair, type Plane, startPlane, type TestAgent, workloadRequest } from './harness.js';

const it = await requires('postgresql');
const speaking = (protocol: number) => ({ headers: { 'tricordon-agent-protocol': String(protocol) } });
const jwks = (...keys: unknown[]) => JSON.stringify({ keys });
const newKey = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
});

let folder = '';
let served = '';
let plane: Plane;
let agent: TestAgent;
const idp = createServer((_, response) => {
  if (served === '') response.writeHead(302, { location: '/elsewhere' });
  response.end(served);
});
let source = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tcu-'));
  writeFileSync(join(folder, 'keys.json'), jwks(newKey('file-1')));
  served = jwks(newKey('url-1'));
  if (!idp.listening) await once(idp.listen(0, '127.0.0.1'), 'listening');
  source = `http://127.0.0.1:${(idp.address() as AddressInfo).port}/jwks`; // a TCP listener's address
  plane = await startPlane({
    users: [
      { issuer: 'file', audiences: ['shop'], keys: join(folder, 'keys.json') },
      { issuer: 'url', audiences: ['shop', 'all'], keys: source },
    ],
  });
  agent = await plane.agent('host-a');
});
afterEach(async () => {
  await plane.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => {
  idp.close();
  await stopTestStores();
});

const again = () => readKeys(plane.server.context, new AbortController().signal);
const state = async (protocol = 2) =>
  (await agent.call('GET', 'state?revision=-1', undefined, speaking(protocol))).json;
const kids = async () =>
  ((await state()).users ?? []).flatMap((one: { keys: { kid: string }[] }) => one.keys.map(({ kid }) => kid));
const unread = async () => (await plane.call('GET', '/v1/status')).json.unreadKeys;

it('the keys of users reach every agent, anew when they change, and stand in the audit trail', async () => {
  expect(await kids()).toEqual(['file-1', 'url-1']);
  const { revision } = await state();
  await again();
  expect((await state()).revision).toBe(revision);
  writeFileSync(join(folder, 'keys.json'), jwks(newKey('file-1'), newKey('file-2')));
  await again();
  expect(await kids()).toEqual(['file-1', 'file-2', 'url-1']);
  expect((await state()).revision).toBeGreaterThan(revision);
  const [entry] = (await plane.call('GET', '/v1/audit?action=users.keys')).json.entries;
  expect(entry.detail.issuers[0]).toEqual({ issuer: 'file', audiences: ['shop'], keys: ['EC file-1', 'EC file-2'] });
});

it('what cannot be read leaves the keys as they were, and is told', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'keys.json'), jwks(pair.privateKey.export({ format: 'jwk' })));
  served = '';
  await again();
  expect(await kids()).toEqual(['file-1', 'url-1']);
  expect(await unread()).toEqual([
    { issuer: 'file', reason: expect.stringContaining('private key') },
    { issuer: 'url', reason: expect.stringContaining(source) },
  ]);
  served = jwks(newKey('url-2'));
  await again();
  expect([await kids(), (await unread()).length]).toEqual([['file-1', 'url-2'], 1]);
  served = `${' '.repeat(300_000)}${jwks(newKey('url-3'))}`;
  await again();
  expect(await kids()).toEqual(['file-1', 'url-2']);
});

const contractOf = (service: string, parts: object) =>
  JSON.stringify({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service,
    mode: { runtime: 'off', network: 'off', api: 'enforce' },
    ...parts,
  });

async function approve(service: string, parts: object) {
  const proposed = await plane.call('POST', `/v1/contracts/${service}/propose`, {
    body: { text: contractOf(service, parts) },
  });
  if (proposed.status !== 200) return proposed;
  const { version, digest } = proposed.json.version;
  return plane.call('POST', `/v1/contracts/${service}/approve`, { body: { version, digest } });
}

const items = { id: 'items', methods: ['GET'], path: '/items', from: [{ service: 'web' }] };

it('a contract with conditions is taken, and goes to agents that know them alone', async () => {
  await agent.workload('stock');
  const serve = { ...items, user: { issuer: 'file' }, rate: { requests: 5, per: '1m' }, where: 'caller.uid == "7"' };
  expect((await approve('stock', { api: { serves: [serve] } })).status).toBe(200);
  const given = async (protocol: number) =>
    (await state(protocol)).contracts.map(({ service }: { service: string }) => service);
  expect([await given(2), await given(1)]).toEqual([['stock'], []]);
  expect((await state(1)).users).toBe(undefined);
  const refused = await approve('stock', { api: { messages: { publish: [] } } });
  expect([refused.status, refused.json.detail]).toEqual([
    400,
    expect.stringContaining('`api.messages` is not held yet'),
  ]);
});

it('a contract that asks for users is refused where nobody’s tokens count', async () => {
  const other = await startPlane();
  try {
    await (await other.agent('host-a')).workload('stock');
    for (const part of [
      { user: {} },
      { where: 'user.sub == "a"' },
      { rate: { requests: 1, per: '1s', key: ['user.a'] } },
    ]) {
      const text = contractOf('stock', { api: { serves: [{ ...items, ...part }] } });
      const { status, json } = await other.call('POST', '/v1/contracts/stock/propose', { body: { text } });
      expect([status, json.detail]).toEqual([400, expect.stringContaining('nobody’s tokens count')]);
    }
  } finally {
    await other.close();
  }
});

it('no workload gets or renews an identity without what its contract requires; labels count as administrators gave them', async () => {
  const workload = await agent.workload('stock');
  const { key, publicKey } = keyPair();
  const renew = () => agent.call('POST', `workloads/${workload.id}/svid`, { publicKey });
  const labels = (given: object) => plane.call('POST', '/v1/services/stock/labels', { body: { labels: given } });
  expect((await labels({ environment: 'test', team: 'shop' })).status).toBe(200);
  const { attributes } = svidFrom(key, (await renew()).json.chain);
  expect(attributes).toMatchObject({ environment: 'test', platform: 'process' });
  expect(attributes).not.toHaveProperty('team');
  const require = { environment: 'production', platform: { in: ['process', 'docker'] } };
  expect((await approve('stock', { require })).status).toBe(200);
  const refused = await renew();
  expect([refused.status, refused.json.code]).toEqual([403, 'not-attested']);
  expect(refused.json.detail).toContain('requires environment production, and it is test');
  const another = await agent.call('POST', 'workloads', workloadRequest('stock-host-a-0000000f', 'stock'));
  expect([another.status, another.json.code]).toEqual([403, 'not-attested']);
  await labels({ environment: 'production' });
  expect((await renew()).status).toBe(200);
});
