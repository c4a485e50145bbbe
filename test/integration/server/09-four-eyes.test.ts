import { afterAll, beforeAll, expect } from 'vitest';
import { csrfOf } from '../../../src/server/auth/authenticate.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Answer, type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
beforeAll(async () => {
  plane = await startPlane({ fourEyes: true });
  for (const name of ['Ana', 'Bela']) await plane.store.people.add(name, 'security', 'test');
  await plane.call('POST', '/v1/services', { body: { service: 'orders' } });
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

async function session(name: string): Promise<Record<string, string>> {
  const { cookie } = await plane.store.accounts.openSession(name, 600_000, '127.0.0.1');
  return { cookie: `__Host-tricordon=${cookie}`, 'x-csrf-token': csrfOf(cookie) };
}
const ask = (headers: Record<string, string>, what: string, body: unknown): Promise<Answer> =>
  plane.call('POST', `/v1/contracts/orders/${what}`, { token: null, headers, body });
const audit = { mode: { api: 'audit' } };

it('who proposed a version does not approve it, by session or token; another person does', async () => {
  const ana = await session('Ana');
  const { version, digest } = (await ask(ana, 'propose', audit)).json.version;
  const own = await ask(ana, 'approve', { version, digest });
  expect([own.status, own.json.code, own.json.hint]).toEqual([
    403,
    'four-eyes',
    expect.stringContaining(`--version ${version}`),
  ]);
  const made = await plane.call('POST', '/v1/tokens', {
    token: null,
    headers: ana,
    body: { name: 'own', scopes: ['approve'] },
  });
  const byToken = await ask({ authorization: `Bearer ${made.json.token}` }, 'approve', { version, digest });
  expect([byToken.status, byToken.json.code]).toEqual([403, 'four-eyes']);
  expect((await plane.call('GET', '/v1/contracts/orders')).json.version.version).toBe(0);

  const bela = await session('Bela');
  const decided = await ask(bela, 'approve', { version, digest });
  expect([decided.status, decided.json.version.decidedBy]).toEqual([200, 'Bela']);
  // Whoever lost the answer may ask again.
  expect((await ask(bela, 'approve', { version, digest })).status).toBe(200);
});

it('a program does not stand in for the second person, and modes change by proposal alone', async () => {
  const { version, digest } = (await ask(await session('Ana'), 'propose', { mode: { api: 'learn' } })).json.version;
  const program = await plane.call('POST', '/v1/contracts/orders/approve', { body: { version, digest } });
  expect([program.status, program.json.code]).toEqual([403, 'four-eyes']);
  const mode = await ask(await session('Bela'), 'mode', { mode: { api: 'off' }, reason: 'in a hurry' });
  expect([mode.status, mode.json.code]).toEqual([403, 'four-eyes']);
  const unexplained = await ask(await session('Ana'), 'reject', { version, digest, reason: ' ' });
  expect([unexplained.status, unexplained.json.issues[0].path]).toEqual([400, 'reason']);
  const rejected = await ask(await session('Ana'), 'reject', { version, digest, reason: 'nobody asked for it' });
  expect(rejected.json.version).toMatchObject({ state: 'rejected', decidedBy: 'Ana', reason: 'nobody asked for it' });
});
