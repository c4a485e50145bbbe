import { join } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { systemClock } from '../../../src/base/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { asRoot, leftOf, remove, roomy, type Running, start, tricordon } from '../house/support.js';
import { type Plane, startPlane } from '../server/harness.js';
import type { Invitation } from './second-host.js';

const it = await requires('postgresql');
const ready = it !== it.skip;

let plane: Plane;
let directory = '';
let ahead = 0;

beforeAll(async () => {
  plane = await startPlane({ clock: { now: () => systemClock.now() + ahead, monotonic: systemClock.monotonic } });
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
  await tricordon(asRoot(), ['down', '--purge', '--data-dir', join(directory, 'd'), '-o', 'json']);
  expect(await leftOf(directory, '')).toEqual([]);
  remove(directory);
});

async function invite(host: string, ttlSeconds?: number): Promise<Invitation> {
  const body = { host, ...(ttlSeconds === undefined ? {} : { ttlSeconds }) };
  return (await plane.call('POST', '/v1/enrolment-tokens', { body })).json;
}

function joinAs(host: string, invitation: Invitation, change: { fingerprint?: string; folder?: string } = {}): Running {
  const file = join(directory, 'token');
  writeFileSync(file, `${invitation.token}\n`, { mode: 0o600 });
  return start(asRoot(), [
    ...['agent', 'join', new URL(invitation.agentUrl).host, '--host', host, '--token-file', file],
    ...['--ca-fingerprint', change.fingerprint ?? invitation.fingerprint],
    ...['--data-dir', join(directory, change.folder ?? 'd'), '-o', 'json'],
  ]);
}

it('joins with a token once; the token is good for nobody else after that', async () => {
  const invitation = await invite('one');
  const joined = joinAs('one', invitation);
  const line = await joined.until((out) => /^\{.*"ready":true.*\}$/m.exec(out)?.[0]);
  expect(JSON.parse(line)).toMatchObject({ schemaVersion: 1, ready: true, host: 'one' });
  joined.child.kill('SIGTERM');
  expect((await joined.done).status).toBe(0);
  // Enrolled already: no token is needed to come back.
  const again = joinAs('one', { ...invitation, token: '' });
  await again.until((out) => (out.includes('"ready":true') ? true : undefined));
  again.child.kill('SIGTERM');
  expect((await again.done).status).toBe(0);
  await tricordon(asRoot(), ['down', '--purge', '--data-dir', join(directory, 'd'), '-o', 'json']);

  const thief = await joinAs('one', invitation).done;
  expect(thief.status).toBe(3);
  expect(thief.stdout).toContain('this token is used, too old, unknown or for another host (401)');
  expect(thief.stdout).toContain('make a new token for this host with `tricordon agent token HOST`');
});

it('refuses a token that is too old, for another host, or unknown, in one sentence that tells nothing apart', async () => {
  const old = await invite('late', 60);
  ahead = 3 * 60_000;
  try {
    for (const [host, invitation] of [
      ['late', old],
      ['other', await invite('mine')],
      ['mine', { ...old, token: 'x'.repeat(43) }],
    ] as const) {
      const refused = await joinAs(host, invitation).done;
      expect([host, refused.status]).toEqual([host, 3]);
      expect(refused.stdout).toContain('this token is used, too old, unknown or for another host (401)');
    }
  } finally {
    ahead = 0;
  }
});

it('says its token to nobody but the control plane whose fingerprint was given', async () => {
  const invitation = await invite('careful');
  const refused = await joinAs('careful', invitation, { fingerprint: 'ab'.repeat(32) }).done;
  expect(refused.status).toBe(3);
  expect(refused.stdout).toContain('is not the one whose fingerprint was given');
  const joined = joinAs('careful', invitation);
  await joined.until((out) => (out.includes('"ready":true') ? true : undefined));
  joined.child.kill('SIGTERM');
  expect((await joined.done).status).toBe(0);
});

it('says what is missing before it touches anything', async () => {
  const invitation = await invite('hasty');
  const address = new URL(invitation.agentUrl).host;
  const bare = ['agent', 'join', address, '--data-dir', join(directory, 'd')];
  mkdirSync(join(directory, 'f'));
  for (const [args, message] of [
    [bare, 'which control plane is the right one?'],
    [[...bare, '--ca-fingerprint', invitation.fingerprint], 'this host needs a one-time token'],
    [['agent', 'join', 'nowhere', '--ca-fingerprint', 'x'], '`nowhere` is not an address'],
    [
      [...bare, '--ca-fingerprint', invitation.fingerprint, '--host', 'Not A Name', '--token-file', '/dev/null'],
      'Not A Name',
    ],
    [[...bare, '--ca-fingerprint', invitation.fingerprint, '--token-file', join(directory, 'f')], 'cannot be read'],
    [[...bare, '--ca-fingerprint', 'short', '--token-file', '/dev/null'], 'is not a SHA-256 fingerprint'],
    [[...bare, '--ca-fingerprint', invitation.fingerprint, '--token-file', '/dev/null'], 'holds no token'],
  ] as const) {
    const done = await tricordon(asRoot(), args);
    expect([done.status, done.stderr]).toEqual([1, expect.stringContaining(message)]);
  }
});
