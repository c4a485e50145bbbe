/** Agents and control planes of versions that follow each other, and of such that do not: this code with other numbers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { z } from 'zod';
import type { ProtocolSpan } from '../../../src/model/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { asRoot, eventually, leftOf, remove, roomy, type Running, start, tricordon } from '../house/support.js';
import { python } from '../house/programs.js';
import { type Plane, startPlane, workloadRequest } from '../server/harness.js';
import type { Invitation } from './second-host.js';
import { talker } from './talker.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = it !== it.skip;

let plane: Plane;
let directory = '';
let started: Running[] = [];

beforeAll(async () => {
  plane = await startPlane();
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});
beforeEach(() => {
  if (ready) directory = roomy();
});
afterEach(async () => {
  if (!ready) return;
  await plane.restart({ agentProtocol: { oldest: 1, newest: 2 } });
  for (const { child } of started) child.kill('SIGTERM');
  for (const { done } of started) await done;
  started = [];
  await cli('down', '--purge');
  expect(await leftOf(directory, '')).toEqual([]);
  remove(directory);
});

const cli = (...args: string[]) =>
  tricordon(asRoot(), [...args, '--data-dir', join(directory, 'd'), '-o', 'json'], directory);

async function invited(host: string, protocol: number): Promise<Running> {
  const invitation: Invitation = (await plane.call('POST', '/v1/enrolment-tokens', { body: { host } })).json;
  const file = join(directory, 'token');
  writeFileSync(file, `${invitation.token}\n`, { mode: 0o600 });
  const running = start(
    asRoot(),
    [
      ...['agent', 'join', new URL(invitation.agentUrl).host, '--host', host, '--token-file', file],
      ...['--ca-fingerprint', invitation.fingerprint, '--data-dir', join(directory, 'd'), '-o', 'json'],
    ],
    '/',
    { TRICORDON_AGENT_PROTOCOL: String(protocol) },
  );
  started.push(running);
  return running;
}

async function joined(host: string, protocol: number): Promise<void> {
  await (await invited(host, protocol)).until((out) => (out.includes('"ready":true') ? true : undefined));
}

/** A service on the joined host, up to where the control plane has heard of what it did. */
async function serve(service: string): Promise<Running> {
  const running = start(
    asRoot(),
    [
      ...['run', '--data-dir', join(directory, 'd'), '--service', service, '--port', '8000', '--user', 'www-data'],
      ...['--publish', '127.0.0.1:0', '--', python, 'talker.py', service],
    ],
    talker(directory),
  );
  started.push(running);
  await running.until((_, err) => (err.includes('published on') ? true : undefined));
  await eventually(async () => ((await seen(service)) > 0 ? true : undefined));
  return running;
}

async function seen(service: string): Promise<number> {
  const { json } = await plane.call('GET', `/v1/observations?service=${service}&limit=500`);
  return json.observations.length;
}

async function versionOf(host: string): Promise<string> {
  const { json } = await plane.call('GET', '/v1/status');
  return json.hosts.find((row: { host: string }) => row.host === host)?.version;
}

async function agentStatus(): Promise<{
  controlReachable: boolean;
  versionApart: string | null;
  planes: { service: string; revision: number }[];
}> {
  return JSON.parse((await cli('status')).stdout).agent;
}

describe.each<{ what: string; agent: number; served: ProtocolSpan; shown: string }>([
  { what: 'an agent of the version before', agent: 1, served: { oldest: 1, newest: 2 }, shown: 'behind' },
  { what: 'an agent of the next version', agent: 2, served: { oldest: 1, newest: 1 }, shown: 'current' },
])('$what', ({ agent, served, shown }) => {
  it('joins, serves, reports and follows the contracts', async () => {
    await plane.restart({ agentProtocol: served });
    const host = `v${agent}-of-${served.newest}`;
    await joined(host, agent);
    const service = `app-${agent}-${served.newest}`;
    await serve(service);
    expect(await versionOf(host)).toBe(shown);
    expect(await agentStatus()).toMatchObject({ controlReachable: true, versionApart: null });
    const { json: before } = await plane.call('GET', '/v1/status');
    await plane.call('POST', '/v1/services', { body: { service: `beside-${service}` } });
    await eventually(async () => {
      const { planes } = await agentStatus();
      return planes.length === 2 && planes.every(({ revision }) => revision > before.revision) ? true : undefined;
    });
  });
});

it('two versions behind, the agent is told to upgrade, keeps what is in force, and loses nothing', async () => {
  await joined('old', 1);
  await serve('kept');
  await plane.restart({ agentProtocol: { oldest: 2, newest: 3 } });
  const told = await eventually(async () => (await agentStatus()).versionApart ?? undefined);
  expect(told).toContain('this agent speaks protocol 1, the control plane 2-3');
  const log = readFileSync(join(directory, 'd/log/agent.log'), 'utf8');
  expect(log).toContain('upgrade tricordon on this host: the control plane is more than one version ahead of it');
  // Not as if the host were withdrawn: it needs no token to come back.
  expect(log).not.toContain('does not trust this host any more');
  expect(await versionOf('old')).toBe('apart');
  const before = await seen('kept');
  const [, url = ''] = /published on (http:\S+)/.exec(started[1]?.stderr() ?? '') ?? [];
  expect(await (await fetch(url)).text()).toBe('hello from kept');

  await plane.restart({ agentProtocol: { oldest: 1, newest: 2 } });
  await eventually(async () => ((await seen('kept')) > before ? true : undefined));
  await eventually(async () => ((await agentStatus()).versionApart === null ? true : undefined));
  expect(await versionOf('old')).toBe('behind');
});

it('two versions apart, nobody joins, and the token is not spent', async () => {
  for (const [agent, oldest, newest, advice] of [
    [1, 2, 3, 'run the version of the control plane on this host, or the one before'],
    [4, 1, 2, 'run the version of the control plane on this host, or the one before'],
  ] as const) {
    await plane.restart({ agentProtocol: { oldest, newest } });
    const running = await invited('apart', agent);
    const { status, stdout } = await running.done;
    expect([status, stdout]).toEqual([3, expect.stringContaining(advice)]);
  }
});

it('what 0.1 is answered has the shapes that it knows', async () => {
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../../fakes/agent-protocol-1.json'), 'utf8'));
  const known = (name: string) => z.fromJSONSchema(recorded.answers[name]);
  const agent = await plane.agent('shapes');
  const workload = await agent.call('POST', 'workloads', workloadRequest('shaped-shapes-00000001', 'shaped'));
  expect(workload.status, workload.text).toBe(200);
  expect(known('POST workloads').safeParse(workload.json).error).toBeUndefined();
  const state = await agent.call('GET', 'state?revision=-1');
  expect(state.headers['tricordon-agent-protocol']).toBe('1-2');
  expect(state.json.contracts.length).toBeGreaterThan(0);
  expect(known('GET state').safeParse(state.json).error).toBeUndefined();
  expect(
    known('GET state').safeParse({ ...state.json, services: [{ service: 'x', endpoints: [], more: 1 }] }).success,
  ).toBe(false);
  const header = { 'tricordon-agent-protocol': 'two' };
  expect((await agent.call('GET', 'time', undefined, { headers: header })).json.code).toBe('invalid');
});
