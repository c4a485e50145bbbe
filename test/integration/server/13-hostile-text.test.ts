/** What a workload, an agent or a person wrote, on its way to logs and terminals: it forges no line and moves no cursor. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect } from 'vitest';
import { exec, logger, minimalEnvironment } from '../../../src/base/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { eventually, observation, type Plane, startPlane, type TestAgent, workloadRequest } from './harness.js';

const it = await requires('postgresql');
/** Colours, a bell, new lines with a forged entry, an override of the writing direction, 8-bit control, JSON and quotes. */
const hostile = 'x\u001b[31mRED\u0007\r\n{"level":60,"msg":"forged"}\u202Egpj.exe\u2028\u009b2J"}],\\';
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/;

let plane: Plane;
let agent: TestAgent;
let folder = '';
let incident = '';
let logged = '';

beforeAll(async () => {
  const lines = new Writable({
    write: (chunk, _encoding, done) => {
      logged += String(chunk);
      done();
    },
  });
  plane = await startPlane({ log: logger('control-plane', 'trace', lines) });
  folder = mkdtempSync(join(tmpdir(), 'tch-'));
  mkdirSync(join(folder, 'house'));
  const access = readFileSync(join(plane.directory, 'access.json'));
  writeFileSync(join(folder, 'house/token'), access, { mode: 0o600 });
  agent = await plane.agent('host-a');
  await write();
});
afterAll(async () => {
  await plane.close();
  rmSync(folder, { recursive: true, force: true });
  await stopTestStores();
});

async function write(): Promise<void> {
  const request = workloadRequest('evil-host-a-1', 'evil');
  const attestation = { ...(request['attestation'] as object), executable: `/srv/${hostile}`, operator: hostile };
  const asked = await agent.call('POST', 'workloads', { ...request, attestation });
  expect([asked.status, asked.json.code], 'what an attestation names is bounded and plain').toEqual([400, 'invalid']);
  const workload = await agent.workload('evil');
  // Learned first: nothing is learned from the time of an incident.
  const first = observation(workload, 'host-a', { kind: 'open', path: `/etc/${hostile}`, write: false });
  await agent.call('POST', 'observations', { observations: [first] });
  await eventually(
    () => plane.call('GET', '/v1/contracts/evil/versions/learned'),
    ({ json }) => json.version?.observed > 0,
  );
  const rows = [
    observation(workload, 'host-a', {
      kind: 'exec',
      path: `/tmp/${hostile}`,
      args: ['sh', '-c', hostile],
      drift: 'layer',
    }),
    observation(workload, 'host-a', { kind: 'exec', path: '/bin/sh', args: ['/bin/sh', '-c', hostile] }),
    observation(workload, 'host-a', { kind: 'open', path: `/etc/${hostile}`, write: true }),
    observation(workload, 'host-a', { kind: 'open', path: '/etc/shadow', write: false }),
    observation(workload, 'host-a', { kind: 'sensor', state: 'degraded', detail: hostile }),
  ];
  const taken = await agent.call('POST', 'observations', { observations: rows });
  expect(taken.json.accepted).toBeGreaterThan(2);
  const { incidents } = (
    await eventually(
      () => plane.call('GET', '/v1/incidents'),
      ({ json }) => json.incidents.length > 0,
    )
  ).json;
  incident = incidents[0].id;
  const proposed = (await plane.call('POST', '/v1/contracts/evil/propose', { body: {} })).json.version;
  const decision = { version: proposed.version, digest: proposed.digest, reason: hostile };
  await plane.call('POST', '/v1/contracts/evil/approve', { body: decision });
  const opened = { services: null, reason: `a long enough reason ${hostile}`, minutes: 15 };
  await plane.call('POST', '/v1/glass', { body: opened });
  for (const name of [hostile, 'Nobody'])
    await plane.call('POST', '/v1/login', { token: null, body: { name, password: hostile } });
  await plane.call('GET', `/v1/contracts/${encodeURIComponent(hostile)}`);
}

const said = (...args: string[]) =>
  exec(process.execPath, [join(process.cwd(), 'bin/tricordon.mjs'), ...args, '--data-dir', join(folder, 'house')], {
    env: minimalEnvironment({ XDG_CONFIG_HOME: folder, HOME: folder }),
    timeoutMs: 300_000,
  });

it('stands in what is kept: otherwise there would be nothing to escape', async () => {
  const { observations } = (await plane.call('GET', '/v1/observations?limit=100')).json;
  expect(JSON.stringify(observations)).toContain('\\u001b[31mRED');
  expect((await plane.call('GET', '/v1/contracts/evil')).json.version.version).toBeGreaterThan(0);
  const { open } = (await plane.call('GET', '/v1/glass')).json;
  expect(open).toHaveLength(1);
});

it('comes onto a terminal as text, whichever command shows it', async () => {
  const commands = [
    ['observations'],
    ['incidents', 'list'],
    ['incidents', 'show', incident],
    ['respond', 'plan', incident],
    ['contract', 'show', 'evil'],
    ['contract', 'show', 'evil', '--version', 'learned'],
    ['contract', 'diff', 'evil', '--from', '0', '--to', '1'],
    ['contract', 'show', hostile],
    ['identity', 'show'],
    ['break-glass', 'list'],
    ['user', 'list'],
    ['token', 'list', '--all'],
    ['session', 'list', '--all'],
    ['evidence', 'list'],
    ['metrics'],
  ];
  const shown: string[] = [];
  for (const words of commands) {
    const { stdout, stderr } = await said(...words);
    shown.push(stdout);
    expect([words, control.exec(stdout)?.[0], control.exec(stderr)?.[0]]).toEqual([words, undefined, undefined]);
    for (const line of `${stdout}\n${stderr}`.split('\n'))
      expect([words, line.startsWith('{"level":60')]).toEqual([words, false]);
    const { stdout: json } = await said(...words, '-o', 'json');
    for (const line of json.startsWith('{\n') ? [json] : json.split('\n').filter((each) => each.startsWith('{')))
      expect(() => JSON.parse(line), words.join(' ')).not.toThrow();
  }
  expect(shown.filter((text) => text.includes('RED')).length).toBeGreaterThan(4);
});

it('makes no line in the log: each is one whole entry of ours', () => {
  const lines = logged.trim().split('\n');
  expect(lines.length).toBeGreaterThan(1);
  expect(logged).toContain('RED');
  for (const line of lines) {
    const entry = JSON.parse(line);
    expect(entry).toMatchObject({ level: expect.any(Number), time: expect.any(Number), msg: expect.any(String) });
    expect(entry.msg).not.toBe('forged');
    expect(control.exec(line)?.[0]).toBeUndefined();
  }
});
