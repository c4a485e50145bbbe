/** The root is changed while the control plane serves: hosts are waited for by name, and every step outlives a restart. */
import { Agent } from 'node:https';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { readMetricsText, systemClock } from '../../../src/base/index.js';
import { rootFingerprint } from '../../../src/identity/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { eventually, keyPair, type Plane, send, startPlane, type TestAgent } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
/** Of the control plane's clock: what is over in a day need not be waited for. */
let shift = 0;
beforeEach(async () => {
  shift = 0;
  plane = await startPlane({ clock: { ...systemClock, now: () => systemClock.now() + shift } });
});
afterEach(() => plane.close());
afterAll(stopTestStores);

const authority = () => plane.server.context.authority;
const roots = (...pems: (string | undefined)[]) => pems.map((pem) => rootFingerprint(pem ?? ''));

/** With the roots as they are now: the harness holds those of its start. */
async function api(method: string, path: string, body?: unknown, token?: string) {
  const client = new Agent({ ca: authority().bundle().join('') });
  const answer = await plane.call(method, path, {
    client,
    ...(body === undefined ? {} : { body }),
    ...(token === undefined ? {} : { token }),
  });
  client.destroy();
  return answer;
}
const take = (step: string, force = false) => api('POST', '/v1/authority/rotation', { step, force });
const view = async () => (await api('GET', '/v1/authority')).json;
const phase = (wanted: string) => eventually(view, (seen) => seen.phase === wanted);

const level = { level: 'none', by: '', gaps: [] };
async function report(agent: TestAgent, trusted: string[], used: string[], options = {}): Promise<number> {
  const body = {
    coverage: { runtime: level, network: level, api: level },
    lost: 0,
    sockets: [],
    endpoints: [],
    roots: { trusted, used },
  };
  return (await agent.call('POST', 'report', body, options)).status;
}

/** Its agent with a certificate of the root that signs now, and the roots that it was told. */
async function renewed(agent: TestAgent): Promise<TestAgent> {
  const { key, publicKey } = keyPair();
  const { json } = await agent.call('POST', 'renew', { publicKey });
  const client = new Agent({
    ca: json.bundles['test.local'].join(''),
    key,
    cert: json.chain.join(''),
    checkServerIdentity: () => undefined,
  });
  return {
    ...agent,
    client,
    call: (method, path, body, options) => agent.call(method, path, body, { client, ...options }),
  };
}

it('lets another key sign the trail: what was signed before holds, and a change that was cut off is told at the next start', async () => {
  const trail = async () => (await api('GET', '/v1/audit?subject=evidence&limit=10')).json.entries;
  const verified = async () => (await api('GET', '/v1/audit/verify')).json;
  const keys = async () => (await api('GET', '/v1/evidence-key')).json.keys;
  const [first] = await keys();
  const rotated = await api('POST', '/v1/keys/evidence/rotate', {});
  expect(rotated.json).toMatchObject({ older: 1 });
  expect((await keys()).map(({ id, until }: { id: string; until: number | null }) => [id, until === null])).toEqual([
    [first.id, false],
    [rotated.json.id, true],
  ]);
  expect(await trail()).toMatchObject([
    { action: 'key.rotate', actor: 'tester', detail: { from: first.id, to: rotated.json.id } },
  ]);
  expect(await verified()).toMatchObject({ ok: true });

  await authority().evidence.rotate('killed before it could say so', systemClock.now());
  await plane.restart();
  const now = (await keys()).at(-1).id;
  expect(await trail()).toMatchObject([
    { actor: 'control plane', detail: { from: rotated.json.id, to: now } },
    { actor: 'tester' },
  ]);
});

it('gives the console another certificate without a restart', async () => {
  const before = plane.server.context.addresses.fingerprint;
  const { json } = await api('POST', '/v1/keys/console/rotate', {});
  expect(json.fingerprint).not.toBe(before);
  expect(plane.server.context.addresses.fingerprint).toBe(json.fingerprint);
  expect((await api('GET', '/v1/audit?subject=console&limit=1')).json.entries).toMatchObject([
    { action: 'key.rotate', detail: { fingerprint: json.fingerprint } },
  ]);
  await plane.restart();
  expect(plane.server.context.addresses.fingerprint).toBe(json.fingerprint);
});

it('answers text that the database cannot hold as it answers any other', async () => {
  for (const field of ['text', 'actor', 'subject', 'action', 'action=a.&text']) {
    const { status, json } = await api('GET', `/v1/audit?${field}=%00x`);
    expect([field, status, json.entries]).toEqual([field, 200, []]);
  }
});

it('goes on when every host trusts the new root, ends when none uses the old one, and is told in the audit trail', async () => {
  const [a, b] = [await plane.agent('host-a'), await plane.agent('host-b')];
  const first = authority().issuer();
  const [oldRoot = ''] = authority().bundle();
  expect(await view()).toMatchObject({ phase: 'none', by: null, ended: null, shown: first, waitsFor: [] });

  const { revision } = (await a.call('GET', 'state?revision=-1')).json;
  const waiting = a.call('GET', `state?revision=${revision}`, undefined, {
    headers: { 'tricordon-agent-protocol': '2' },
  });
  const begun = await take('begin');
  expect(begun.json).toMatchObject({ phase: 'announced', by: 'tester', waitsFor: ['host-a', 'host-b'] });
  expect(begun.json.roots.map(({ role }: { role: string }) => role)).toEqual(['signing', 'next']);
  const [, newRoot = ''] = authority().bundle();
  const [old = '', next = ''] = roots(oldRoot, newRoot);
  // A poll that waits hears of it at once.
  expect((await waiting).json).toMatchObject({ issuer: old, bundles: { 'test.local': [oldRoot, newRoot] } });
  // One of before hears of the roots, as it always did, and of nothing that it does not know.
  const before = (await a.call('GET', 'state?revision=-1')).json;
  expect([before.bundles['test.local'].length, 'issuer' in before]).toEqual([2, false]);

  expect(await report(a, [old, next], [old])).toBe(200);
  expect((await view()).waitsFor).toEqual(['host-b']);
  const early = await take('switch');
  expect([early.status, early.json.code, early.json.detail]).toEqual([
    409,
    'conflict',
    'the new root is not trusted yet on `host-b`',
  ]);
  expect((await take('begin')).status).toBe(409);
  expect(await report(b, [old, next], [old])).toBe(200);
  const switched = await phase('switched');
  expect(switched).toMatchObject({ by: 'tester', shown: old, waitsFor: ['host-a', 'host-b'] });
  expect(authority().issuer()).toBe(next);
  for (const step of ['abort', 'switch', 'begin']) expect((await take(step)).status, step).toBe(409);

  // Whoever was away comes back by the old root alone: both doors still show it.
  const away = new Agent({ ca: oldRoot, checkServerIdentity: () => undefined });
  const invited = (await api('POST', '/v1/enrolment-tokens', { host: 'host-c' })).json;
  expect(invited.fingerprint).toBe(old);
  const late = await send(plane.server.addresses.agentUrl, 'POST', '/agent/v1/enroll', {
    client: away,
    body: { token: invited.token, host: 'host-c', publicKey: keyPair().publicKey },
  });
  expect([late.status, late.json.bundles['test.local']]).toEqual([200, [newRoot, oldRoot]]);
  away.destroy();

  const a2 = await renewed(a);
  expect(await report(a2, [next, old], [next])).toBe(200);
  const tooEarly = await take('finish');
  expect(tooEarly.json.detail).toBe(
    'certificates of the old root are still in use, as far as is known, on `host-b`, `host-c`',
  );
  const metrics = readMetricsText((await api('GET', '/metrics')).text);
  const ends = metrics.find(({ name }) => name === 'tricordon_certificate_not_after_seconds')?.samples ?? [];
  expect(ends.map(({ labels }) => labels['name'])).toEqual(['root', 'old-root', 'console', 'control-plane']);

  const ended = await take('finish', true);
  expect(ended.json).toMatchObject({ phase: 'none', ended: 'finished', shown: next, waitsFor: [] });
  expect(authority().bundle()).toEqual([newRoot]);
  const only = new Agent({ ca: newRoot, keepAlive: false });
  expect((await plane.call('GET', '/v1/status', { client: only })).status).toBe(200);
  only.destroy();
  // A connection that stands, with a certificate of the old root, counts no more.
  expect(await report(b, [old, next], [old])).toBe(401);
  const a3 = await renewed(a2);
  expect(await report(a3, [next], [next])).toBe(200);

  const trail = (await api('GET', '/v1/audit?limit=50')).json.entries
    .filter(({ action }: { action: string }) => action.startsWith('authority.'))
    .map(({ actor, action, detail }: { actor: string; action: string; detail: object }) => [actor, action, detail]);
  expect(trail.reverse()).toEqual([
    ['tester', 'authority.announce', { roots: [old, next] }],
    ['tester', 'authority.switch', { roots: [next, old] }],
    ['tester', 'authority.force', { step: 'finish', hosts: ['host-b', 'host-c'] }],
    ['tester', 'authority.finish', { roots: [next], dropped: old }],
  ]);
});

it('a step that was cut off before anybody was told is told after the next start, with who took it', async () => {
  const revisions = [plane.server.context.board.current()];
  for (const [step, by] of [
    ['begin', 'ada'],
    ['switchOver', 'bob'],
  ] as const) {
    // What the control plane does first, and no more: as if it was killed there.
    await authority().roots[step](by);
    await plane.restart();
    revisions.push(plane.server.context.board.current());
  }
  expect(new Set(revisions).size).toBe(3);
  expect(await view()).toMatchObject({ phase: 'switched', by: 'bob' });
  shift = 25 * 3_600_000;
  // Nothing of the old root is valid by then: it goes by itself.
  const over = await eventually(
    async () => authority().roots.state(),
    ({ phase }) => phase === 'none',
  );
  expect(over).toMatchObject({ last: { how: 'finished', by: 'bob' } });
  await eventually(
    async () => (await plane.store.audit.list({ limit: 50 })).map(({ actor, action }) => `${actor} ${action}`),
    (rows) =>
      ['ada authority.announce', 'bob authority.switch', 'bob authority.finish'].every((row) => rows.includes(row)),
  );
});

it('a host that was away all along is named, and is not waited for when its own certificate ended', async () => {
  await plane.agent('host-off');
  const on = await plane.agent('host-on');
  await take('begin');
  const [old = '', next = ''] = roots(...authority().bundle());
  await report(on, [old, next], [old]);
  expect((await view()).waitsFor).toEqual(['host-off']);
  expect((await take('switch', true)).json).toMatchObject({ phase: 'switched', waitsFor: ['host-off', 'host-on'] });
  await report(await renewed(on), [next, old], [next]);
  const ended = (await take('finish', true)).json;
  const needs = Object.fromEntries(
    ended.hosts.map(({ host, needsToken }: { host: string; needsToken: boolean }) => [host, needsToken]),
  );
  expect(needs).toEqual({ 'host-off': true, 'host-on': false });
  expect((await api('GET', '/v1/status')).json.authority.needToken).toEqual(['host-off']);

  shift = 25 * 3_600_000;
  // The tokens of the test have ended as well.
  await authority().roots.begin('ada');
  await eventually(
    async () => authority().roots.state().phase,
    (seen) => seen === 'switched',
  );
});

it('nobody but an administrator changes the root, and what is no step is refused', async () => {
  const operator = await plane.token(['read', 'operate', 'approve']);
  const path = '/v1/authority/rotation';
  expect((await api('POST', path, { step: 'begin' }, operator)).status).toBe(403);
  for (const body of [{}, { step: 'leap' }, { step: 'begin', force: 'yes' }, { step: 'begin', root: 'mine' }])
    expect([body, (await api('POST', path, body)).status]).toEqual([body, 400]);
  expect((await view()).phase).toBe('none');
  await plane.agent('host-a');
  await take('begin');
  expect((await take('abort')).json).toMatchObject({ phase: 'none', ended: 'aborted' });
  expect(authority().bundle()).toHaveLength(1);
});
