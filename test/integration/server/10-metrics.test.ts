/** The control plane's numbers, read as a scraper does: over HTTPS, with a token that may nothing else. */
import { afterAll, beforeAll, expect } from 'vitest';
import { readMetricsText, systemClock } from '../../../src/base/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { eventually, observation, type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

async function scrape(token?: string) {
  const answer = await plane.call('GET', '/metrics', token === undefined ? {} : { token });
  const families = readMetricsText(answer.text);
  const samples = (name: string) => families.find((one) => one.name === name)?.samples ?? [];
  const value = (name: string, labels: Record<string, string> = {}) =>
    samples(name).find((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))?.value;
  return { answer, families, samples, value };
}

it('says what runs, in text that a strict reader takes whole', async () => {
  const { answer, families, value } = await scrape();
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
  for (const { name, help } of families) expect([name, help.length > 10]).toEqual([name, true]);
  expect(value('tricordon_database_up')).toBe(1);
  expect(value('tricordon_build_info', { process: 'control' })).toBe(1);
  expect(value('tricordon_disk_free_bytes', { store: 'evidence' })).toBeGreaterThan(0);
  expect(value('tricordon_audit_checkpoint_age_seconds')).toBeGreaterThanOrEqual(0);
  const now = systemClock.now() / 1_000;
  for (const name of ['root', 'console', 'control-plane'])
    expect(value('tricordon_certificate_not_after_seconds', { name })).toBeGreaterThan(now);
});

it('says that the glass is open, what each store holds and may hold, and which agents are behind', async () => {
  const before = await scrape();
  expect(before.value('tricordon_glass_open')).toBe(0);
  await plane.call('POST', '/v1/services', { body: { service: 'till' } });
  await plane.call('POST', '/v1/glass', { body: { services: ['till'], minutes: 5, reason: 'to be counted' } });
  const { value, samples } = await scrape();
  expect(value('tricordon_glass_open')).toBe(1);
  expect(value('tricordon_store_bytes', { store: 'observations' })).toBeGreaterThan(0);
  expect(value('tricordon_store_quota_bytes', { store: 'evidence' })).toBeGreaterThan(0);
  expect(value('tricordon_store_quota_bytes', { store: 'audit' })).toBeUndefined();
  expect(samples('tricordon_store_refusing').every((sample) => sample.value === 0)).toBe(true);
  expect(samples('tricordon_agents_by_version').map(({ labels }) => labels.version)).toEqual([
    'current',
    'behind',
    'apart',
    'unknown',
  ]);
});

it('speaks OpenMetrics to whoever asks for it', async () => {
  const headers = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' };
  const answer = await plane.call('GET', '/metrics', { headers });
  expect(answer.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(answer.text.endsWith('\n# EOF\n')).toBe(true);
  expect(answer.text).toContain('# TYPE tricordon_http_requests counter\ntricordon_http_requests_total{');
});

it('counts hosts, observations and decisions as they come', async () => {
  const agent = await plane.agent('web1');
  const workload = await agent.workload('orders');
  const request = (effect: 'allow' | 'deny') =>
    observation(workload, 'web1', {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path: '/x',
      verdict: { effect, contract: 'orders', version: 0, clause: null, reason: 'learning' },
    });
  const rows = [request('allow'), request('allow'), request('deny'), { id: 'no observation' }];
  expect((await agent.call('POST', 'observations', { observations: rows })).status).toBe(200);
  const { value } = await eventually(scrape, (seen) => seen.value('tricordon_observations_pending') === 0);
  expect(value('tricordon_observations_taken_total')).toBe(3);
  expect(value('tricordon_observations_refused_total')).toBe(1);
  expect(value('tricordon_decisions_total', { layer: 'api', effect: 'allow' })).toBe(2);
  expect(value('tricordon_decisions_total', { layer: 'api', effect: 'deny' })).toBe(1);
  expect(value('tricordon_agents', { state: 'enrolled' })).toBe(1);
  expect(value('tricordon_bus_batches', { state: 'dead' })).toBe(0);
  const route = { listener: 'agents', route: 'POST /agent/v1/observations', status: '200' };
  expect(value('tricordon_http_requests_total', route)).toBe(1);
});

it('makes no label of a path that somebody made up', async () => {
  for (let at = 0; at < 20; at += 1) await plane.call('GET', `/v1/made-up-${at}`, { token: null });
  await plane.call('GET', '/v1/contracts/made-up', { token: null });
  const { samples } = await scrape();
  const routes = samples('tricordon_http_requests_total').map(({ labels }) => labels['route']);
  expect(routes.filter((route) => route?.includes('made-up'))).toEqual([]);
  expect(routes).toContain('GET /v1/contracts/:service');
});

it('is for who may read metrics: not for nobody, and not for a viewer', async () => {
  expect((await plane.call('GET', '/metrics', { token: null })).status).toBe(401);
  expect((await plane.call('GET', '/metrics', { token: await plane.token(['read']) })).status).toBe(200);
  await plane.store.accounts.ensure('vera', 'viewer', 'test');
  const token = await plane.store.accounts.createToken(
    { name: 'v', account: 'vera', scopes: ['read'], ttlMs: 60_000 },
    'test',
  );
  expect((await plane.call('GET', '/metrics', { token })).status).toBe(403);
});
