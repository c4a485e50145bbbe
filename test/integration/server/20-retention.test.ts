/** Evidence within its quota and its days: what is refused, what goes, and what nobody can make go. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { exec, minimalEnvironment, systemClock } from '../../../src/base/index.js';
import { observation } from '../../fakes/example-observation.js';
import { about } from '../store/week.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane, type TestAgent } from './harness.js';

const it = await requires('postgresql');
const day = 86_400_000;
const days = 30;
let shift = 0;
let plane: Plane;
let agent: TestAgent;
let workload: { id: string; service: string };

beforeAll(async () => {
  plane = await startPlane({
    clock: { ...systemClock, now: () => systemClock.now() + shift },
    retention: {
      observations: { days, bytes: 64 << 20 },
      decisions: { days, bytes: 64 << 20 },
      evidence: { days, bytes: 2 << 20 },
    },
  });
  agent = await plane.agent('web1');
  await plane.call('POST', '/v1/services', { body: { service: 'orders' } });
  workload = await agent.workload('orders');
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

async function collect(id: string, incident: string | null, bytes = 1_000, claimed = systemClock.now()) {
  const content = Buffer.alloc(bytes, 7);
  const sent = await agent.call('POST', `evidence/${id}/file?path=memory.bin`, undefined, {
    raw: content,
    headers: { 'content-type': 'application/octet-stream' },
  });
  if (sent.status !== 200) return sent;
  const sha256 = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return agent.call('POST', `evidence/${id}`, {
    schemaVersion: 1,
    kind: 'evidence-bundle',
    id,
    incident,
    service: 'orders',
    workload: workload.id,
    host: 'web1',
    collectedAt: claimed,
    collectedBy: 'ana',
    missing: [],
    files: [{ path: 'memory.bin', bytes, sha256, what: 'memory' }],
  });
}

async function later(by: number): Promise<string[]> {
  shift = by;
  await plane.server.context.retention.check();
  shift = 0;
  const { json } = await plane.call('GET', '/v1/evidence');
  return json.evidence.map((row: { id: string }) => row.id).sort();
}

it('keeps evidence of open incidents and what is pinned, and lets the rest go with its days, by our own clock', async () => {
  await plane.store.incidents.save({ ...about([]), id: 'INC-1' });
  await plane.store.incidents.save({ ...about([]), id: 'INC-2', state: 'closed' });
  expect((await collect('ev-open', 'INC-1')).status).toBe(200);
  expect((await collect('ev-closed', 'INC-2', 1_000, 0)).status).toBe(200); // says that it is of 1970
  expect((await collect('ev-unknown', 'INC-99')).status).toBe(200);
  expect((await collect('ev-pinned', null)).status).toBe(200);
  expect((await collect('ev-free', null)).status).toBe(200);
  const pin = (id: string, verb: string, reason: string) =>
    plane.call('POST', `/v1/evidence/${id}/${verb}`, { body: { reason } });
  expect((await pin('ev-pinned', 'pin', 'for the court')).json).toEqual({ id: 'ev-pinned', pinned: true });
  expect((await pin('ev-pinned', 'pin', ' ')).status).toBe(400);
  expect((await pin('ev-none', 'pin', 'x')).status).toBe(404);
  expect((await pin('ev-free', 'unpin', 'x')).status).toBe(404);
  expect((await plane.call('GET', '/v1/evidence/ev-pinned')).json.evidence.pin).toMatchObject({
    by: 'tester',
    reason: 'for the court',
  });

  expect(await later(2 * 3_600_000)).toHaveLength(5);
  expect(await later((days + 1) * day)).toEqual(['ev-open', 'ev-pinned', 'ev-unknown']);
  expect(existsSync(join(plane.directory, 'evidence/ev-free'))).toBe(false);
  expect(existsSync(join(plane.directory, 'evidence/ev-open/memory.bin'))).toBe(true);
  const gone = await plane.call('GET', '/v1/evidence/ev-closed');
  expect([gone.status, gone.json.hint]).toEqual([404, expect.stringContaining('audit trail')]);
  const entries = (await plane.store.audit.list({ limit: 100 })).filter(({ action }) => action.startsWith('evidence.'));
  expect(entries.map(({ action, subject }) => `${action} ${subject}`)).toEqual(
    expect.arrayContaining(['evidence.pin ev-pinned', 'evidence.remove ev-free', 'evidence.remove ev-closed']),
  );
  expect(entries.find(({ action }) => action === 'evidence.remove')?.detail).toMatchObject({
    manifestDigest: expect.stringMatching(/^sha256:/),
    reason: 'older than 30 days',
  });
  expect(await plane.store.retention.totals()).toContainEqual(expect.objectContaining({ store: 'evidence', rows: 2 }));

  expect((await pin('ev-pinned', 'unpin', 'the court has it')).status).toBe(200);
  await plane.store.incidents.save({ ...about([]), id: 'INC-1', state: 'closed' });
  expect(await later((days + 2) * day)).toEqual(['ev-unknown']);
  expect(await plane.store.audit.verify()).toMatchObject({ ok: true });
});

it('refuses new evidence at the quota, clearly, and removes nothing for it', async () => {
  expect((await collect('ev-large', 'INC-1', 1_500_000)).status).toBe(200);
  const over = await collect('ev-over', 'INC-1', 1_000_000);
  expect([over.status, over.json.code]).toEqual([507, 'evidence-full']);
  expect(over.json.hint).toContain('retention.evidence.megabytes');
  expect((await plane.call('GET', '/v1/evidence/ev-large')).json.evidence.verified).toBe('ok');
  const used = await plane.server.context.evidenceSpace.used();
  expect(used).toBeLessThan(2 << 20);
  expect(existsSync(join(plane.directory, 'evidence/.incoming/web1/ev-over/memory.bin.part'))).toBe(false);
});

it('gives up uploads that nothing came to for a day, and folders that no row knows, not those of today', async () => {
  const incoming = (id: string) => join(plane.directory, 'evidence/.incoming/web1', id);
  const stray = join(plane.directory, 'evidence/ev-stray');
  for (const path of [incoming('old'), incoming('new'), stray]) mkdirSync(path, { recursive: true });
  const past = (systemClock.now() - 2 * day) / 1_000;
  for (const path of [incoming('old'), stray]) utimesSync(path, past, past);
  await later(5 * 3_600_000);
  expect([existsSync(incoming('old')), existsSync(stray), existsSync(incoming('new'))]).toEqual([false, false, true]);
});

it('an agent that was refused goes on with its next request', async () => {
  expect((await collect('ev-again', 'INC-1', 1_900_000)).status).toBe(507);
  expect((await agent.call('POST', 'observations', { observations: [] })).status).toBe(200);
});

it('says how much of what is kept, and what is no longer there of the time of an incident', async () => {
  const at = systemClock.now() - (days + 2) * day;
  await plane.store.observations.insert(Array.from({ length: 30 }, (_, n) => observation(n, { at: at + n })));
  const [first, second] = await plane.store.observations.list({ limit: 2 });
  if (first === undefined || second === undefined) throw new Error('not there');
  await plane.store.incidents.save({ ...about([first]), id: 'INC-7', firstAt: at, lastAt: at + 60_000 });
  await later(7 * 3_600_000);
  const { gaps, incident } = (await plane.call('GET', '/v1/incidents/INC-7')).json;
  expect(gaps).toMatchObject([{ store: 'observations', reason: 'age', rows: 29, since: at }]);
  expect(gaps[0].sentence).toMatch(/^29 observations between .* went beyond their age$/);
  expect((await plane.store.observations.get(incident.signals[0].observation, first.at))?.id).toBe(first.id);
  expect(await plane.store.observations.get(second.id, second.at)).toBeUndefined();
  const now = (await plane.call('GET', '/v1/incidents/INC-1')).json;
  expect(now.gaps).toEqual([]);

  const { stores, disk } = (await plane.call('GET', '/v1/status')).json;
  expect(stores.map(({ store }: { store: string }) => store)).toEqual(
    expect.arrayContaining([
      'decisions',
      'observations',
      'evidence',
      'queue',
      'signals',
      'audit',
      'incidents',
      'changes',
    ]),
  );
  const observations = stores.find(({ store }: { store: string }) => store === 'observations');
  expect(observations).toMatchObject({ quota: 64 << 20, oldest: first.at, state: 'ok' });
  expect(observations.dropped).toMatchObject([{ reason: 'age', rows: 29 }]);
  expect(disk.totalBytes).toBeGreaterThan(disk.freeBytes);
});

it('tells each host what its spool has to hold, until the incident is closed', async () => {
  const other = await plane.agent('web2');
  const pins = async (of: TestAgent) => (await of.call('GET', 'spool-pins')).json.pins;
  const at = 1_000_000_000;
  const incident = { ...about([observation(1, { host: 'web2' })]), id: 'INC-8', firstAt: at, lastAt: at + 5 };
  await plane.store.incidents.save(incident);
  expect(await pins(other)).toEqual([{ id: 'INC-8', since: at - 600_000, until: at + 60_005 }]);
  expect(await pins(agent)).toEqual([]);
  await plane.store.incidents.save({ ...incident, state: 'triaged' });
  expect(await pins(other)).toHaveLength(1);
  await plane.store.incidents.save({ ...incident, state: 'closed' });
  expect(await pins(other)).toEqual([]);
});

it('does the same on the command line, and says what it cannot do', async () => {
  const house = mkdtempSync(join(tmpdir(), 'tcr-'));
  writeFileSync(join(house, 'token'), readFileSync(join(plane.directory, 'access.json')), { mode: 0o600 });
  const run = async (...args: string[]) => {
    const command = [join(process.cwd(), 'bin/tricordon.mjs'), 'evidence', ...args, '--data-dir', house, '-o', 'json'];
    return exec(process.execPath, command, { env: minimalEnvironment({ HOME: house }), timeoutMs: 300_000 });
  };
  const [{ id }] = (await plane.call('GET', '/v1/evidence')).json.evidence;
  const pinned = await run('pin', id, '--reason', 'audit of the year');
  expect([pinned.status, JSON.parse(pinned.stdout)]).toEqual([0, { schemaVersion: 1, id, pinned: true }]);
  const listed = JSON.parse((await run('list')).stdout);
  expect(listed.evidence.find((row: { id: string }) => row.id === id).pin.reason).toBe('audit of the year');
  expect((await run('unpin', id, '--reason', 'done')).status).toBe(0);
  const again = await run('unpin', id, '--reason', 'done');
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('evidence list')]);
  const why = await run('pin', id, '--reason', '  ');
  expect([why.status, why.stderr]).toEqual([1, expect.stringContaining('say why')]);
  expect((await run('pin', '../../etc', '--reason', 'x')).stderr).toContain('an evidence id is');
  rmSync(house, { recursive: true });
});
