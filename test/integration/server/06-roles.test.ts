/** Every role on every route, from the route table itself: a route that is added is tried here without further doing. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { csrfOf } from '../../../src/server/auth/authenticate.js';
import { permissions, roleNames, roles, type Permission } from '../../../src/server/auth/roles.js';
import { access } from '../../../src/server/routes/access.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
  for (const role of roleNames) await plane.store.accounts.ensure(`${role} one`, role, 'test');
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

const guarded = Object.entries(access).filter((entry): entry is [string, Permission] => entry[1] !== 'anyone');
const samples: Readonly<Record<string, string>> = { id: 'INC-1', service: 'orders', version: '0' };

/** The status alone: a stream never ends by itself. */
function statusOf(key: string, headers: Record<string, string>): Promise<number> {
  const [method = '', pattern = ''] = key.split(' ');
  const path = pattern.replace(/:([a-z]+)/g, (_all, name: string) => samples[name] ?? 'x');
  const payload = method === 'POST' ? '{}' : undefined;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, plane.server.addresses.consoleUrl),
      {
        method,
        agent: new Agent({ ca: plane.server.context.authority.bundle().join(''), keepAlive: false }),
        servername: '',
        checkServerIdentity: () => undefined,
        headers: { ...headers, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

async function sessionOf(role: string): Promise<Record<string, string>> {
  const link = await plane.store.accounts.createLoginLink(`${role} one`, 60_000, 'test');
  const opened = await plane.store.accounts.redeemLoginLink(link, 60_000);
  if (opened === undefined) throw new Error('no session');
  return { cookie: `__Host-tricordon=${opened.cookie}`, 'x-csrf-token': csrfOf(opened.cookie) };
}

async function tokenOf(role: string, scopes: string[]): Promise<Record<string, string>> {
  const token = { name: 'matrix', account: `${role} one`, scopes, ttlMs: 60_000 };
  return { authorization: `Bearer ${await plane.store.accounts.createToken(token, 'test')}` };
}

/** What an answer says of the right to ask: an unsuitable question is still one that may be asked. */
const verdict = (status: number) => (status === 403 ? 'denied' : status === 401 ? 'unknown' : 'allowed');

describe('every role on every route', () => {
  for (const role of roleNames) {
    it(`${role}: a session may what the table says, and a token with all scopes no more`, async () => {
      const may = new Set<string>(roles[role]);
      const wrong: string[] = [];
      for (const [key, permission] of guarded) {
        const expected = may.has(permission) ? 'allowed' : 'denied';
        // Each anew: some routes end the session or the token they are asked with.
        for (const [kind, headers] of [
          ['session', await sessionOf(role)],
          ['token', await tokenOf(role, ['read', 'operate', 'approve', 'admin'])],
        ] as const) {
          const got = verdict(await statusOf(key, headers));
          if (got !== expected) wrong.push(`${role} (${kind}) ${key}: ${got}, not ${expected}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  it('lets accounts of no role, of an unknown role and of programs do nothing with a session', async () => {
    for (const role of ['none', 'owner', 'program']) {
      await plane.store.accounts.ensure(`${role} one`, role, 'test');
      for (const [key] of guarded)
        expect([role, key, await statusOf(key, await sessionOf(role))]).toEqual([role, key, 403]);
    }
  });

  it('has a route for every permission, and every scope ends where the next begins', async () => {
    const used = new Set(guarded.map(([, permission]) => permission));
    // Asked within a route, by what its body says.
    expect(permissions.filter((permission) => !used.has(permission))).toEqual(['service.place']);
    const counts = [];
    for (const scope of ['read', 'operate', 'approve', 'admin']) {
      const token = { authorization: `Bearer ${await plane.token([scope])}` };
      let allowed = 0;
      for (const [key] of guarded) if (verdict(await statusOf(key, token)) === 'allowed') allowed += 1;
      counts.push(allowed);
    }
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
    expect(new Set(counts).size).toBe(4);
    expect(counts[3]).toBe(guarded.length);
  });
});

describe('rights that change', () => {
  it('a token loses at once what its account’s role loses', async () => {
    const made = await tokenOf('viewer', ['admin']);
    expect(await statusOf('GET /v1/status', made)).toBe(200);
    expect(await statusOf('GET /v1/audit', made)).toBe(403);
  });

  it('nobody hands out more than they have, in another’s name, or takes another’s token', async () => {
    const administrator = await plane.token(['admin']);
    const me = await sessionOf('developer');
    const ask = (body: unknown, headers: Record<string, string>) =>
      plane.call('POST', '/v1/tokens', { body, headers, token: null });
    expect((await ask({ name: 'up', scopes: ['read'], account: 'ci' }, me)).status).toBe(403);
    const own = await ask({ name: 'cli', scopes: ['admin'] }, me);
    expect(own.status).toBe(200);
    const whoami = (await plane.call('GET', '/v1/whoami', { token: own.json.token })).json;
    expect([whoami.role, [...whoami.permissions].sort()]).toEqual(['developer', [...roles.developer].sort()]);
    const person = await plane.call('POST', '/v1/tokens', {
      token: administrator,
      body: { name: 'x', scopes: ['read'], account: 'developer one' },
    });
    expect([person.status, person.json.code]).toEqual([403, 'forbidden']);
    // `cli` is also what the installer's own token is called.
    const access = JSON.parse(readFileSync(`${plane.directory}/access.json`, 'utf8'));
    expect((await plane.call('GET', '/v1/whoami', { token: access.token })).status).toBe(200);
    const reader = await plane.token(['read']);
    expect(
      (await plane.call('POST', '/v1/tokens', { token: reader, body: { name: 'y', scopes: ['read'] } })).status,
    ).toBe(403);
  });
});
