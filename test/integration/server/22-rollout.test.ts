/** A proposed version decides beside the one in force, then for a part; when it refuses too much it is taken back. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { exec, minimalEnvironment } from '../../../src/base/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { eventually, observation, type Plane, startPlane, type TestAgent } from './harness.js';

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

const serve = (path: string) => ({ id: path.slice(1), methods: ['GET'], path, from: [{ service: 'shop' }] });
const rollout = '/v1/contracts/stock/rollout';

async function propose(paths: readonly string[]): Promise<{ version: number; digest: string }> {
  const text = JSON.stringify({
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'stock',
    mode: { runtime: 'off', network: 'off', api: 'enforce' },
    api: { serves: paths.map(serve) },
  });
  const proposed = await plane.call('POST', '/v1/contracts/stock/propose', { body: { text } });
  const { version, digest } = proposed.json.version;
  return { version, digest };
}

/** Version 1 in force, version 2 proposed: it does not serve `/b` any more. */
async function twoVersions() {
  const first = await propose(['/a', '/b']);
  expect((await plane.call('POST', '/v1/contracts/stock/approve', { body: first })).status).toBe(200);
  return { first: first.version, second: await propose(['/a']) };
}

type Said = 'allow' | 'deny';
async function report(held: [number, Said], shadow: [number, Said], path: string, count: number): Promise<void> {
  const of = ([version, effect]: [number, Said]) => ({
    version,
    effect,
    clause: effect === 'allow' ? path.slice(1) : null,
    reason: effect === 'allow' ? 'allowed' : 'path',
  });
  const seen = Array.from({ length: count }, () =>
    observation(workload, 'host-a', {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path,
      peer: 'shop',
      verdict: { contract: 'stock', ...of(held), shadow: of(shadow) },
    }),
  );
  for (const again of [false, true]) {
    const taken = await agent.call('POST', 'observations', { observations: seen });
    expect([taken.status, taken.json.duplicates]).toEqual([200, again ? count : 0]);
  }
}

const stateOf = async (protocol = 2) =>
  (
    await agent.call('GET', 'state?revision=-1', undefined, {
      headers: { 'tricordon-agent-protocol': String(protocol) },
    })
  ).json;

it('a shadow is told to agents, counted once, and ends nothing by itself', async () => {
  const { first, second } = await twoVersions();
  expect((await stateOf()).rollouts).toBeUndefined();
  const begun = await plane.call('POST', rollout, { body: { ...second, stage: { percent: 0 } } });
  expect([begun.status, begun.json.rollout.version]).toEqual([200, second.version]);
  expect((await stateOf()).rollouts).toMatchObject([
    { candidate: { version: second.version, state: 'proposed' }, stage: { percent: 0 } },
  ]);
  expect((await stateOf(1)).rollouts).toBeUndefined();
  await report([first, 'allow'], [second.version, 'deny'], '/b', 60);
  await report([first, 'allow'], [second.version, 'allow'], '/a', 40);
  const { json } = await plane.call('GET', rollout);
  expect(json.rollout).toMatchObject({
    counts: { compared: 100, refused: 60, passed: 0 },
    flips: [{ layer: 'api', direction: 'in', to: 'refused', peer: 'shop', what: 'GET /b', reason: 'path', count: 60 }],
    endedAt: null,
  });
  const approved = await plane.call('POST', '/v1/contracts/stock/approve', { body: second });
  expect(approved.status).toBe(200);
  const after = await plane.call('GET', rollout);
  expect(after.json).toMatchObject({
    rollout: null,
    earlier: [{ endedWhy: `version ${second.version} was approved` }],
  });
  expect((await stateOf()).rollouts).toBeUndefined();
});

it('a roll-out that refuses too much is taken back, and the audit trail says why', async () => {
  const { first, second } = await twoVersions();
  const body = { ...second, stage: { percent: 10, on: { host: 'host-a' } }, most: 0.02 };
  expect((await plane.call('POST', rollout, { body })).status).toBe(200);
  const { revision, rollouts } = await stateOf();
  expect(rollouts).toMatchObject([{ stage: body.stage }]);
  // One of a hundred may be chance; two of two hundred are no more than it may.
  await report([first, 'allow'], [second.version, 'allow'], '/a', 180);
  await report([second.version, 'deny'], [first, 'allow'], '/b', 2);
  expect((await plane.call('GET', rollout)).json.rollout).toMatchObject({ counts: { compared: 182, refused: 2 } });
  await report([first, 'allow'], [second.version, 'deny'], '/b', 18);
  const { json } = await eventually(
    () => plane.call('GET', rollout),
    (answer) => answer.json.rollout === null,
  );
  expect(json.earlier).toMatchObject([
    { endedBy: 'control-plane', endedWhy: expect.stringContaining('refused 20 of 200'), counts: { refused: 20 } },
  ]);
  const after = await stateOf();
  expect(after.rollouts).toBeUndefined();
  expect(after.revision).toBeGreaterThan(revision);
  const audit = await plane.call('GET', '/v1/audit?limit=50');
  const actions = audit.json.entries.map((entry: { action: string }) => entry.action);
  expect(actions).toEqual(expect.arrayContaining(['rollout.begin', 'rollout.end']));
});

it('what cannot be begun says why', async () => {
  const { first, second } = await twoVersions();
  const active = await plane.call('GET', '/v1/contracts/stock');
  const stage = { percent: 0 };
  const asked: readonly [number, object][] = [
    [409, { version: first, digest: active.json.version.digest, stage }],
    [409, { ...second, digest: 'sha256:other', stage }],
    [404, { version: 99, digest: second.digest, stage }],
    [400, { ...second, stage: { percent: 101 } }],
    [400, { ...second, stage: { percent: 5, on: {} } }],
    [400, { ...second }],
  ];
  for (const [status, body] of asked) expect((await plane.call('POST', rollout, { body })).status).toBe(status);
  expect((await plane.call('POST', `${rollout}/end`, { body: { reason: 'none' } })).status).toBe(404);
  expect((await plane.call('POST', rollout, { body: { ...second, stage } })).status).toBe(200);
  const rejected = await plane.call('POST', '/v1/contracts/stock/reject', {
    body: { ...second, reason: 'too narrow' },
  });
  expect(rejected.status).toBe(200);
  expect((await plane.call('GET', rollout)).json).toMatchObject({
    rollout: null,
    earlier: [{ endedWhy: 'the version was rejected' }],
  });
});

it('the commands begin, show and end it, and refuse what makes no sense', async () => {
  const { first, second } = await twoVersions();
  const home = mkdtempSync(join(tmpdir(), 'tro-'));
  const house = join(home, 'house');
  mkdirSync(house);
  writeFileSync(join(house, 'token'), readFileSync(join(plane.directory, 'access.json')), { mode: 0o600 });
  const contract = async (...args: string[]) => {
    const command = [join(process.cwd(), 'bin/tricordon.mjs'), 'contract', ...args, '--data-dir', house];
    const env = minimalEnvironment({ XDG_CONFIG_HOME: home, HOME: home, NO_COLOR: '1' });
    const said = await exec(process.execPath, command, { env, cwd: home, timeoutMs: 300_000 });
    return { status: said.status, out: said.stdout, err: said.stderr };
  };
  try {
    const number = String(second.version);
    const begun = await contract('shadow', 'stock', '--version', number);
    expect([begun.status, begun.out]).toEqual([0, expect.stringContaining('decides beside the one in force')]);
    await report([first, 'allow'], [second.version, 'deny'], '/b', 3);
    expect((await contract('shadow', 'stock')).out).toMatch(/3 +api +in +shop +GET \/b +passes +refused +path/);
    const json = await contract(
      'rollout',
      'stock',
      '--version',
      number,
      '--percent',
      '2.5%',
      '--most',
      '0.5',
      '-o',
      'json',
    );
    expect(JSON.parse(json.out)).toMatchObject({
      schemaVersion: 1,
      rollout: { stage: { percent: 2.5 }, most: 0.005, counts: { compared: 0 } },
      earlier: [{ endedWhy: 'another stage' }],
    });
    const on = await contract('rollout', 'stock', '--version', number, '--on', 'host=host-a', 'platform=process');
    expect(on.out).toContain('in force for 100 % on {"host":"host-a","platform":"process"}');
    const ended = await contract('rollout', 'stock', '--stop', '--reason', 'SEC-52');
    expect(ended.out).toContain('SEC-52');
    for (const wrong of [
      ['rollout', 'stock', '--version', number],
      ['rollout', 'stock', '--version', number, '--percent', '101'],
      ['rollout', 'stock', '--version', 'x', '--percent', '1'],
      ['rollout', 'stock', '--version', number, '--on', 'host'],
      ['shadow', 'stock', '--version', number, '--stop'],
    ]) {
      const { status, out, err } = await contract(...wrong);
      expect([wrong, status, out]).toEqual([wrong, 1, '']);
      expect(err).not.toContain(' at ');
    }
    expect((await contract('shadow', 'stock', '--stop')).status).not.toBe(0);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
