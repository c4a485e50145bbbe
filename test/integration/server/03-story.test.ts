import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '../../../src/base/index.js';
import type { Observation } from '../../../src/model/index.js';
import { verifyBundle } from '../../../src/respond/index.js';
import { afterAll, beforeAll, expect } from 'vitest';
import { requires } from '../../requires.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { eventually, observation, type Plane, startPlane, type TestAgent } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let agent: TestAgent;
type Known = { id: string; service: string; identity: string };
let gateway: Known;
let catalog: Known;
let payments: Known;

beforeAll(async () => {
  plane = await startPlane();
  agent = await plane.agent('host-a');
  gateway = await agent.workload('gateway');
  catalog = await agent.workload('catalog');
  payments = await agent.workload('payments');
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

const learning = { effect: 'allow', contract: 'x', version: 0, clause: null, reason: 'learning' } as const;
const allowed = { ...learning, reason: 'allowed' } as const;
const denied = { ...learning, effect: 'deny', reason: 'path' } as const;
const trace = () => randomBytes(16).toString('hex');

function request(
  of: Known,
  peer: string,
  method: string,
  path: string,
  verdict: Observation['event'] extends infer E ? (E extends { kind: 'request'; verdict: infer V } ? V : never) : never,
  more: Partial<Observation> = {},
): Observation {
  return observation(
    of,
    'host-a',
    {
      kind: 'request',
      direction: 'in',
      method,
      path,
      peer,
      status: verdict.effect === 'deny' ? 403 : 200,
      durationMs: 3,
      verdict,
    },
    { join: { caller: `spiffe://test.local/service/${peer}`, trace: trace() }, ...more },
  );
}

async function observe(rows: Observation[]): Promise<void> {
  const answer = await agent.call('POST', 'observations', { observations: rows });
  expect(answer.json).toMatchObject({ accepted: rows.length, refused: 0 });
}

async function learned(service: string, count: number): Promise<void> {
  await eventually(
    async () =>
      (await plane.call('GET', '/v1/contracts')).json.contracts.find(
        (row: { service: string }) => row.service === service,
      ),
    (row) => row?.learned >= count,
  );
}

it('learns, and what is learned survives a restart', async () => {
  await observe([
    ...Array.from({ length: 5 }, () => request(catalog, 'gateway', 'POST', '/products/import', learning)),
    ...Array.from({ length: 5 }, () => request(payments, 'catalog', 'GET', '/rates', learning)),
    observation(catalog, 'host-a', { kind: 'exec', path: '/usr/bin/node', args: ['node', 'main.mjs'] }),
    observation(catalog, 'host-a', { kind: 'open', path: '/srv/products.json', write: false }),
  ]);
  await learned('catalog', 7);
  await learned('payments', 5);
  await plane.restart();
  agent = { ...agent, client: agent.client };
  await learned('catalog', 7);
  const live = (await plane.call('GET', '/v1/contracts/catalog/versions/learned')).json;
  expect(live.version.observed).toBe(7);
  expect(live.text).toContain('/products/import');
  const diff = (await plane.call('GET', '/v1/contracts/catalog/diff')).json;
  expect(diff).toMatchObject({ from: 0, to: null });
  expect(
    diff.rows.some((row: { change: string; layer: string }) => row.change === 'added' && row.layer === 'api'),
  ).toBe(true);
  const right = (answer: typeof diff) =>
    answer.rows.find((row: { clause: string }) => row.clause === 'post-products-import');
  expect(right(diff).evidence).toMatchObject({
    count: 5,
    callers: ['public'],
    sample: { text: 'POST /products/import by public' },
  });
  await plane.store.accounts.ensure('looks', 'viewer', 'test');
  const asked = { name: 'looks', account: 'looks', scopes: ['read'], ttlMs: 60_000 };
  const viewer = await plane.store.accounts.createToken(asked, 'test');
  const seen = (await plane.call('GET', '/v1/contracts/catalog/diff', { token: viewer })).json;
  expect(right(seen).evidence).toMatchObject({ count: 5, sample: null });
});

it('says what nobody saw while a service was learned', async () => {
  const about = (event: object, service: string | null = null) => ({
    ...observation(catalog, 'host-a', { kind: 'sensor', ...event } as Observation['event'], { source: 'bpftrace' }),
    service,
    workload: null,
    identity: null,
  });
  await observe([
    about({ state: 'lost', lost: 3 }),
    about({ state: 'lost', lost: 4 }),
    about({ state: 'degraded', detail: 'the tracer ended' }),
    about({ state: 'started' }),
  ]);
  const { gaps, overflow } = (await plane.call('GET', '/v1/contracts/catalog/diff')).json;
  expect(gaps.map(({ host, sentence }: { host: string; sentence: string }) => [host, sentence])).toEqual(
    expect.arrayContaining([
      ['host-a', 'host-a: nothing watches the runtime layer now'],
      ['host-a', 'host-a: 7 events of the sensor were lost'],
      ['host-a', 'host-a: bpftrace did not see everything: the tracer ended'],
    ]),
  );
  expect(gaps).toHaveLength(3);
  expect(overflow).toBe(0);
});

it('proposes, approves what was looked at, and remembers which code is clean', async () => {
  for (const service of ['catalog', 'payments']) {
    const mode = { runtime: 'audit', network: 'audit', api: 'enforce' };
    const proposed = (await plane.call('POST', `/v1/contracts/${service}/propose`, { body: { mode } })).json.version;
    expect(proposed).toMatchObject({ version: 1, state: 'proposed', origin: 'learned' });
    const decide = (digest: string, token?: string) =>
      plane.call('POST', `/v1/contracts/${service}/approve`, {
        body: { version: 1, digest },
        ...(token === undefined ? {} : { token }),
      });
    expect((await decide(`sha256:${'0'.repeat(64)}`)).json.code).toBe('digest-mismatch');
    expect((await decide(proposed.digest, await plane.token(['operate']))).status).toBe(403);
    const approved = (await decide(proposed.digest)).json.version;
    expect(approved).toMatchObject({
      state: 'approved',
      decidedBy: 'tester',
      clean: { code: `sha256:${'a'.repeat(64)}` },
    });
    // Whoever lost the answer may ask again; nobody else approves what is approved.
    expect((await decide(proposed.digest)).json.version).toEqual(approved);
    await plane.store.accounts.ensure('other', 'program', 'test');
    const other = { name: `other-${service}`, account: 'other', scopes: ['read', 'approve'], ttlMs: 60_000 };
    expect((await decide(proposed.digest, await plane.store.accounts.createToken(other, 'test'))).status).toBe(409);
  }
  expect((await plane.call('GET', '/v1/contracts/catalog')).json.version.contract.mode.api).toBe('enforce');
});

it('makes one incident of an attack over three layers, within a second', async () => {
  const own = trace();
  const socket = { local: { address: '10.0.0.1', port: 7002 }, peer: { address: '10.0.0.9', port: 40_000 } };
  const started = performance.now();
  await observe([
    observation(
      gateway,
      'host-a',
      { kind: 'request', direction: 'in', method: 'POST', path: '/products/import', status: 200, verdict: allowed },
      { join: { trace: own } },
    ),
    request(catalog, 'gateway', 'POST', '/products/import', allowed, {
      join: { trace: own, caller: 'spiffe://test.local/service/gateway', socket, pid: 4242 },
    }),
    observation(
      catalog,
      'host-a',
      { kind: 'exec', path: '/bin/sh', args: ['sh', '-c', 'curl \u001b[31m'] },
      { join: { pid: 5000, ppid: 4242, start: 5 } },
    ),
    observation(
      catalog,
      'host-a',
      { kind: 'open', path: '/run/secrets/payments-token', write: false, program: 'sh' },
      { join: { pid: 5000, ppid: 4242 } },
    ),
    observation(
      catalog,
      'host-a',
      {
        kind: 'flow',
        direction: 'out',
        address: '203.0.113.9',
        port: 4444,
        mtls: false,
        verdict: { ...denied, effect: 'would-deny', reason: 'peer-not-listed' },
      },
      { join: { pid: 5000, ppid: 4242 } },
    ),
    request(payments, 'catalog', 'POST', '/refunds', denied, { join: { trace: own, caller: catalog.identity } }),
  ]);
  const { incidents } = await eventually(
    async () => (await plane.call('GET', '/v1/incidents')).json,
    (list) =>
      list.incidents[0]?.signals.api > 0 &&
      list.incidents[0]?.signals.network > 0 &&
      list.incidents[0]?.signals.runtime > 0,
  );
  expect(performance.now() - started).toBeLessThan(60_000); // how long it took is measured elsewhere
  expect(incidents).toHaveLength(1);
  expect(incidents[0]).toMatchObject({
    id: 'INC-1',
    state: 'open',
    layers: expect.arrayContaining(['runtime', 'network', 'api']),
  });

  const shown = (await plane.call('GET', '/v1/incidents/INC-1')).json;
  const times = shown.story.map(({ at }: { at: number }) => at);
  expect(times).toEqual(times.toSorted((x: number, y: number) => x - y));
  expect(shown.story.some(({ outcome }: { outcome: string }) => outcome === 'refused')).toBe(true);
  expect(JSON.stringify(shown)).not.toContain('\u001b');
  expect(shown.stopped.contained).toBe(false);
  expect(shown.causes.map(({ layer }: { layer: string }) => layer)).toContain('runtime');
  expect(shown.touched.nodes.map(({ kind }: { kind: string }) => kind)).toEqual(
    expect.arrayContaining(['service', 'process', 'file']),
  );
  const map = (await plane.call('GET', '/v1/map')).json;
  expect(
    map.edges.find(
      ({ from, to }: { from: string; to: string }) => from === 'service:catalog' && to === 'service:payments',
    ),
  ).toMatchObject({ refused: 1, protocol: 'http', mtls: true });
  const coverage = (await plane.call('GET', '/v1/coverage')).json;
  expect(coverage.services.find(({ service }: { service: string }) => service === 'catalog').openIncident).toBe(
    'INC-1',
  );
});

it('keeps the same incident over a restart, and opens no second', async () => {
  const before = (await plane.call('GET', '/v1/incidents/INC-1')).json.incident;
  await plane.restart();
  const { incidents } = (await plane.call('GET', '/v1/incidents')).json;
  expect(incidents.map(({ id }: { id: string }) => id)).toEqual(['INC-1']);
  const after = (await plane.call('GET', '/v1/incidents/INC-1')).json.incident;
  expect(after.signals.map(({ id }: { id: string }) => id).sort()).toEqual(
    before.signals.map(({ id }: { id: string }) => id).sort(),
  );
  expect(after.openedAt).toBe(before.openedAt);
  await observe([
    observation(
      catalog,
      'host-a',
      { kind: 'exec', path: '/usr/bin/curl', args: ['curl', 'http://x'] },
      { join: { pid: 5001, ppid: 5000 } },
    ),
  ]);
  await eventually(
    async () => (await plane.call('GET', '/v1/incidents/INC-1')).json.incident.signals.length,
    (count) => count > before.signals.length,
  );
  expect((await plane.call('GET', '/v1/incidents')).json.incidents).toHaveLength(1);
});

it('contains through the host, and hands each step to that host alone', async () => {
  const plan = (await plane.call('POST', '/v1/actions/plan', { body: { incident: 'INC-1' } })).json.actions;
  const again = (await plane.call('POST', '/v1/actions/plan', { body: { incident: 'INC-1' } })).json.actions;
  expect(again.map(({ id }: { id: string }) => id)).toEqual(plan.map(({ id }: { id: string }) => id));
  const kinds = plan.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(['pause', 'collect', 'isolate', 'revoke']));
  const { revision } = (await agent.call('GET', 'state?revision=-1')).json;
  const waiting = agent.call('GET', `state?revision=${revision}`);
  const chosen = plan.filter(
    ({ kind, service }: { kind: string; service: string }) =>
      service === 'catalog' && ['pause', 'isolate', 'revoke'].includes(kind),
  );
  await plane.call('POST', '/v1/actions/apply', { body: { actions: chosen.map(({ id }: { id: string }) => id) } });
  const state = (await waiting).json;
  expect(state.actions.map(({ kind }: { kind: string }) => kind).sort()).toEqual(['isolate', 'pause']);
  expect(state.isolated).toEqual(['catalog']);
  expect(state.revoked).toEqual(['spiffe://test.local/service/catalog']);
  const other = await plane.agent('host-b');
  expect((await other.call('GET', 'state?revision=-1')).json.actions).toEqual([]);
  const [first] = state.actions;
  expect((await other.call('POST', `actions/${first.id}`, { status: 'done', detail: '' })).json.code).toBe(
    'foreign-host',
  );
  for (const action of state.actions) {
    for (let said = 0; said < 2; said += 1)
      expect(
        (await agent.call('POST', `actions/${action.id}`, { status: 'done', detail: 'stopped 3 processes' })).status,
      ).toBe(200);
  }
  const shown = (await plane.call('GET', '/v1/incidents/INC-1')).json;
  expect(shown.incident).toMatchObject({ state: 'contained' });
  expect(shown.row.containMs).toBeGreaterThan(0);
  const refused = await agent.call('POST', `workloads/${catalog.id}/svid`, { publicKey: 'x' });
  expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);
});

it('takes evidence file by file, seals it, and shows when a byte was changed', async () => {
  const files = [
    { path: 'process/status.txt', bytes: Buffer.from('Name: node\n') },
    { path: 'memory/heap.bin', bytes: randomBytes(300_000) },
  ];
  const upload = (path: string, raw: Buffer) =>
    agent.call('POST', `evidence/ev-1/file?path=${encodeURIComponent(path)}`, undefined, {
      raw,
    });
  for (const path of ['../x', '/etc/x', 'a/../../x', 'manifest.json', '.hidden', 'a//b', 'a\u0000b'])
    expect([path, (await upload(path, Buffer.from('x'))).status]).toEqual([path, 400]);
  for (const file of files)
    expect((await upload(file.path, file.bytes)).json).toMatchObject({ bytes: file.bytes.length });
  const manifest = {
    schemaVersion: 1,
    kind: 'evidence-bundle',
    id: 'ev-1',
    incident: 'INC-1',
    service: 'catalog',
    workload: catalog.id,
    host: 'host-a',
    collectedAt: plane.server.context.clock.now(),
    collectedBy: 'agent/host-a',
    missing: [],
    files: files.map(({ path, bytes }) => ({
      path,
      bytes: bytes.length,
      what: path,
      sha256: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    })),
  };
  const seal = (value: object) => agent.call('POST', 'evidence/ev-1', value);
  expect((await seal({ ...manifest, host: 'host-b' })).json.code).toBe('foreign-host');
  expect((await seal({ ...manifest, files: manifest.files.slice(1) })).json.detail).toContain('is not in the manifest');
  expect(
    (
      await seal({
        ...manifest,
        files: manifest.files.map((file) => ({ ...file, sha256: `sha256:${'0'.repeat(64)}` })),
      })
    ).json.detail,
  ).toContain('another hash');
  expect((await seal(manifest)).status).toBe(200);
  expect((await seal(manifest)).status).toBe(200);

  const shown = (await plane.call('GET', '/v1/evidence/ev-1')).json;
  expect(shown.evidence).toMatchObject({ verified: 'ok', incident: 'INC-1' });
  expect(shown.manifest.files.map(({ path }: { path: string }) => path)).toContain('control-plane/observations.ndjson');

  const download = mkdtempSync(join(tmpdir(), 'tcs-ev-'));
  const tar = await rawDownload('/v1/evidence/ev-1/download');
  writeFileSync(join(download, 'x.tar'), tar);
  mkdirSync(join(download, 'out'));
  expect((await exec('tar', ['-xf', join(download, 'x.tar'), '-C', join(download, 'out')])).status).toBe(0);
  const { publicKey } = (await plane.call('GET', '/v1/evidence-key')).json;
  expect((await verifyBundle(join(download, 'out', 'ev-1'), [{ publicKey }])).problems).toEqual([]);
  rmSync(download, { recursive: true });

  writeFileSync(join(plane.directory, 'evidence', 'ev-1', 'process', 'status.txt'), 'Name: nope\n');
  expect((await plane.call('GET', '/v1/evidence/ev-1')).json.evidence.verified).toBe('broken');
});

it('gives everything back with a clean restart, and lets a person close the incident', async () => {
  const plan = (await plane.call('GET', '/v1/actions?incident=INC-1')).json.actions;
  const restart = plan.find(
    ({ kind, service }: { kind: string; service: string }) => kind === 'restart' && service === 'catalog',
  );
  await plane.call('POST', '/v1/actions/apply', { body: { actions: [restart.id] } });
  await agent.call('POST', `actions/${restart.id}`, { status: 'done', detail: 'started anew' });
  const state = (await agent.call('GET', 'state?revision=-1')).json;
  expect([state.isolated, state.revoked]).toEqual([[], []]);
  const closed = await plane.call('POST', '/v1/incidents/INC-1/state', {
    body: { state: 'closed', reason: 'restored' },
  });
  expect(closed.json).toEqual({ id: 'INC-1', state: 'closed' });
  const mode = await plane.call('POST', '/v1/contracts/catalog/mode', {
    body: { mode: { runtime: 'enforce', network: 'enforce' } },
  });
  expect(mode.json.version).toMatchObject({ version: 2, state: 'approved', origin: 'mode-change' });
  expect((await plane.call('GET', '/v1/audit/verify')).json).toMatchObject({ ok: true, brokenAt: null });
});

async function rawDownload(path: string): Promise<Buffer> {
  const { request: get } = await import('node:https');
  const token = await plane.token(['read']);
  return new Promise((resolve, reject) => {
    get(
      new URL(path, plane.server.addresses.consoleUrl),
      { headers: { authorization: `Bearer ${token}` }, ca: plane.server.context.authority.bundle().join('') },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
      },
    )
      .on('error', reject)
      .end();
  });
}
