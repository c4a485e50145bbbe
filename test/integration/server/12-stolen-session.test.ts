/** A session's cookie in other hands: at another address, after its owner noticed, and in many requests at once. */
import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Answer, type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let free: Plane;
beforeAll(async () => {
  plane = await startPlane();
  free = await startPlane({ bindSessions: false });
});
afterAll(async () => {
  await plane.close();
  await free.close();
  await stopTestStores();
});

type Headers = Record<string, string>;
const sessionOf = (answer: Answer): Headers => ({
  cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '',
  'x-csrf-token': answer.json.csrf,
});
async function signedIn(at: Plane, name: string): Promise<Headers> {
  const invited = await at.call('POST', '/v1/people', { body: { name, role: 'operator' } });
  const token = String(invited.json.url).split('#')[1];
  const answer = await at.call('POST', '/v1/login', { token: null, body: { token, name } });
  expect(answer.status, answer.text).toBe(200);
  return sessionOf(answer);
}
/** Each on a connection of its own, from another address of this host. */
const from = (at: Plane, localAddress: string) =>
  new Agent({ ca: at.server.context.authority.bundle().join(''), localAddress });
const whoAmI = (at: Plane, headers: Headers, client?: Agent) =>
  at.call('GET', '/v1/whoami', { token: null, headers, ...(client === undefined ? {} : { client }) });
const told = async (at: Plane, name: string) =>
  (await at.store.audit.list({ limit: 100 })).filter(
    ({ action, subject }) => action === 'session.elsewhere' && subject === name,
  );

describe('a stolen cookie', () => {
  it('opens nothing at another address, and the session ends for both', async () => {
    const ana = await signedIn(plane, 'Ana');
    expect((await whoAmI(plane, ana)).status).toBe(200);
    const thief = from(plane, '127.0.0.9');
    const refused = await whoAmI(plane, ana, thief);
    const unknown = await whoAmI(plane, { cookie: `__Host-tricordon=${'u'.repeat(43)}` }, thief);
    expect(refused.status).toBe(401);
    expect(refused.text, 'it is not told that the cookie was good').toBe(unknown.text);
    expect((await whoAmI(plane, ana)).status).toBe(401);
    expect(await told(plane, 'Ana')).toMatchObject([
      { actor: 'control plane', detail: { openedFrom: '127.0.0.1', seenFrom: '127.0.0.9' } },
    ]);
    const text = JSON.stringify(await told(plane, 'Ana'));
    expect(text).not.toContain(ana['cookie']?.split('=')[1] ?? '');
    thief.destroy();
  });

  it('changes nothing, and many at once leave one entry', async () => {
    const ben = await signedIn(plane, 'Ben');
    const thief = from(plane, '127.0.0.10');
    const tries = Array.from({ length: 12 }, (_, number) =>
      plane.call('POST', '/v1/tokens', {
        token: null,
        headers: ben,
        client: thief,
        body: { name: `t${number}`, scopes: ['read'], ttlSeconds: 600 },
      }),
    );
    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual(tries.map(() => 401));
    expect(await told(plane, 'Ben')).toHaveLength(1);
    expect((await plane.store.accounts.tokens()).filter(({ account }) => account === 'Ben')).toEqual([]);
    thief.destroy();
  });

  it('does not end the sessions that the same person has elsewhere', async () => {
    const one = await signedIn(plane, 'Caro');
    const opened = await plane.store.accounts.openSession('Caro', 600_000, '127.0.0.11');
    const second = { cookie: `__Host-tricordon=${opened.cookie}` };
    const laptop = from(plane, '127.0.0.11');
    expect((await whoAmI(plane, second, laptop)).status).toBe(200);
    expect((await whoAmI(plane, one, laptop)).status).toBe(401);
    expect((await whoAmI(plane, second, laptop)).status).toBe(200);
    laptop.destroy();
  });

  it('is good from everywhere where that was chosen', async () => {
    const dora = await signedIn(free, 'Dora');
    const roaming = from(free, '127.0.0.12');
    expect((await whoAmI(free, dora, roaming)).status).toBe(200);
    expect((await whoAmI(free, dora)).status).toBe(200);
    expect(await told(free, 'Dora')).toEqual([]);
    roaming.destroy();
  });
});
