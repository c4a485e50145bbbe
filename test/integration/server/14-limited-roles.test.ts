/**
 * Roles that count for some services only: every role on every route, on a service within and on one outside; nothing that
 * is told gives the other away. The routes come from the table, so that one that is added is tried too.
 */
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { csrfOf } from '../../../src/server/auth/authenticate.js';
import { limitedRole, type Permission, reachOfPermission, roleNames, roles } from '../../../src/server/auth/roles.js';
import { access, limitedRoutes } from '../../../src/server/routes/access.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from './harness.js';
import { type Traces, twoTeams } from './two-teams.js';

const it = await requires('postgresql');
let plane: Plane;
let shop: Traces;
let bank: Traces;
beforeAll(async () => {
  plane = await startPlane();
  ({ shop, bank } = await twoTeams(plane));
  for (const role of roleNames) {
    await plane.store.people.add(`shop ${role}`, limitedRole, 'test');
    await plane.store.people.grant(`shop ${role}`, { role, where: { team: 'shop' } }, 'test');
  }
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

type Headers = Record<string, string>;

async function sessionOf(name: string): Promise<Headers> {
  const opened = await plane.store.accounts.openSession(name, 60_000, '127.0.0.1');
  return { cookie: `__Host-tricordon=${opened.cookie}`, 'x-csrf-token': csrfOf(opened.cookie) };
}
async function tokenOf(name: string, where: Record<string, string> = {}): Promise<Headers> {
  const token = { name: 'all', account: name, scopes: ['read', 'operate', 'approve', 'admin'], where, ttlMs: 60_000 };
  return { authorization: `Bearer ${await plane.store.accounts.createToken(token, 'test')}` };
}

const guarded = Object.entries(access).filter((entry): entry is [string, Permission] => entry[1] !== 'anyone');

/** What a route is asked with, about what belongs to one team. */
function asking(key: string, of: Traces): { method: string; path: string; body: unknown } {
  const [method = '', pattern = ''] = key.split(' ');
  const id = pattern.startsWith('/v1/incidents')
    ? of.incident
    : pattern.startsWith('/v1/evidence')
      ? of.evidence
      : pattern.startsWith('/v1/glass')
        ? of.glass
        : pattern.startsWith('/v1/actions')
          ? of.action
          : 'x';
  const params: Record<string, string> = { service: of.service, version: '0', id };
  const path = pattern.replace(/:([a-z]+)/g, (_all, name: string) => params[name] ?? 'x');
  const bodies: Record<string, unknown> = {
    'POST /v1/services': { service: of.service },
    'POST /v1/actions/plan': { service: of.service, kinds: ['pause'] },
    'POST /v1/actions/apply': { actions: [of.action] },
    'POST /v1/glass': { services: [of.service], minutes: 1, reason: 'to try who may' },
    'POST /v1/incidents/:id/state': { state: 'triaged', reason: 'looked at' },
    'POST /v1/evidence/:id/pin': { reason: 'it must stay' },
    'POST /v1/evidence/:id/unpin': { reason: 'it may go' },
  };
  return { method, path, body: method === 'POST' ? (bodies[key] ?? {}) : undefined };
}

const ask = async (key: string, of: Traces, headers: Headers) => {
  const { method, path, body } = asking(key, of);
  return plane.call(method, path, { token: null, headers, ...(body === undefined ? {} : { body }) });
};
/** Streams never end by themselves, and end what they are asked with. */
const apart = ['GET /v1/stream', 'POST /v1/logout'];

describe('a role that counts for one team', () => {
  for (const role of roleNames) {
    it(`${role}: does within what it may anywhere, and outside of it nothing, not even learn that there is something`, async () => {
      const may = new Set<string>(roles[role]);
      const wrong: string[] = [];
      for (const [key, permission] of guarded.filter(([route]) => !apart.includes(route))) {
        for (const headers of [await sessionOf(`shop ${role}`), await tokenOf(`shop ${role}`)]) {
          const own = reachOfPermission[permission] === 'own';
          const within = await ask(key, shop, headers);
          const allowed = own || (may.has(permission) && Object.hasOwn(limitedRoutes, key));
          if ((within.status !== 403) !== allowed) wrong.push(`${key} within: ${within.status} ${within.text}`);
          if (within.status === 404 && within.text.includes('there is no')) wrong.push(`${key} within: ${within.text}`);
          const outside = await ask(key, bank, headers);
          const asked = JSON.stringify(asking(key, bank));
          for (const trace of [bank.service, ...bank.secrets])
            if (!asked.includes(trace) && outside.text.includes(trace))
              wrong.push(`${key} tells \`${trace}\`: ${outside.text.slice(0, 300)}`);
          if (own || !allowed) continue;
          const specific = asking(key, bank).path !== asking(key, shop).path || asking(key, bank).method === 'POST';
          if (specific && ![403, 404].includes(outside.status))
            wrong.push(`${key} outside: ${outside.status} ${outside.text}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  it('is answered about what lies outside exactly as about what does not exist', async () => {
    const headers = await tokenOf('shop administrator');
    const nowhere: Traces = {
      service: 'unknown-0000',
      incident: 'INC-999999',
      evidence: 'ev-unknown',
      glass: 'GLASS-0000000000',
      action: 'act-unknown',
      secrets: [],
    };
    const ids = (of: Traces, text: string) =>
      [of.service, of.incident, of.evidence, of.glass, of.action].reduce((left, id) => left.replaceAll(id, '…'), text);
    for (const key of Object.keys(limitedRoutes)) {
      if (
        !asking(key, bank).path.includes('/:') &&
        asking(key, bank).path === asking(key, shop).path &&
        key !== 'POST /v1/actions/apply'
      )
        continue;
      const [outside, none] = [await ask(key, bank, headers), await ask(key, nowhere, headers)];
      expect([key, outside.status, ids(bank, outside.text)]).toEqual([key, none.status, ids(nowhere, none.text)]);
    }
  });

  it('lists what is within, and only that', async () => {
    const headers = await tokenOf('shop security');
    const get = async (path: string) => (await plane.call('GET', path, { token: null, headers })).json;
    const names = (rows: { service: string }[]) => [...new Set(rows.map(({ service }) => service))];
    expect(names((await get('/v1/services')).services)).toEqual([shop.service]);
    expect(names((await get('/v1/status')).services)).toEqual([shop.service]);
    expect(names((await get('/v1/workloads')).workloads)).toEqual([shop.service]);
    expect(names((await get('/v1/observations')).observations)).toEqual([shop.service]);
    expect(names((await get('/v1/contracts')).contracts)).toEqual([shop.service]);
    expect(names((await get('/v1/actions')).actions)).toEqual([shop.service]);
    expect((await get('/v1/incidents')).incidents.map(({ id }: { id: string }) => id)).toEqual([shop.incident]);
    expect((await get('/v1/evidence')).evidence.map(({ id }: { id: string }) => id)).toEqual([shop.evidence]);
    expect((await get('/v1/hosts')).hosts.map(({ host }: { host: string }) => host)).toEqual(['shop-host']);
    const coverage = await get('/v1/coverage');
    expect([coverage.summary.services, coverage.summary.hosts, coverage.summary.openIncidents]).toEqual([1, 1, 0]);
    const everyone = (await plane.call('GET', '/v1/services')).json;
    expect(names(everyone.services).sort()).toEqual([bank.service, shop.service].sort());
  });

  it('hears that something changed, and not what', async () => {
    const headers = await sessionOf('shop viewer');
    const heard = await new Promise<string>((resolve, reject) => {
      let text = '';
      const url = new URL('/v1/stream', plane.server.addresses.consoleUrl);
      const sent = request(
        url,
        {
          ca: plane.server.context.authority.bundle().join(''),
          servername: '',
          checkServerIdentity: () => undefined,
          headers,
        },
        (response) => {
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
            if (text.includes('event: hello') && !text.includes('event: coverage'))
              void plane.call('POST', `/v1/services/${bank.service}/labels`, {
                body: { labels: { team: 'bank', tier: `t${text.length}` } },
              });
            if (text.includes('event: coverage') && text.endsWith('\n\n')) {
              response.destroy();
              resolve(text);
            }
          });
        },
      );
      sent.on('error', reject);
      sent.end();
    });
    expect(heard).not.toContain(bank.service);
    expect(heard).toContain('"subject":""');
  });
});

describe('who may widen what', () => {
  it('a new service has the labels of whoever registers it, and others are refused', async () => {
    const headers = await sessionOf('shop developer');
    const register = (body: unknown) => plane.call('POST', '/v1/services', { token: null, headers, body });
    expect((await register({ service: 'basket' })).status).toBe(403);
    expect((await register({ service: 'basket', labels: { team: 'bank' } })).status).toBe(403);
    expect((await plane.call('GET', '/v1/contracts/basket')).status).toBe(404);
    expect((await register({ service: 'basket', labels: { team: 'shop', tier: 'web' } })).json.labels).toEqual({
      team: 'shop',
      tier: 'web',
    });
    // Again, also with the same labels, changes nothing; with others it would.
    expect((await register({ service: 'basket', labels: { tier: 'web', team: 'shop' } })).status).toBe(200);
    expect((await register({ service: 'basket', labels: { team: 'shop' } })).json.code).toBe('forbidden');
  });

  it('nobody but an administrator of everything moves a service into a role', async () => {
    await plane.store.people.add('both', 'developer', 'test');
    await plane.store.people.grant('both', { role: 'administrator', where: { team: 'shop' } }, 'test');
    const headers = await sessionOf('both');
    const call = (path: string, body: unknown) => plane.call('POST', path, { token: null, headers, body });
    const relabel = { labels: { team: 'shop' } };
    expect((await call(`/v1/services/${bank.service}/labels`, relabel)).status).toBe(403);
    expect((await call('/v1/services', { service: bank.service, ...relabel })).status).toBe(403);
    expect((await call(`/v1/contracts/${bank.service}/mode`, { mode: { runtime: 'off' }, reason: 'x' })).status).toBe(
      403,
    );
    expect((await call('/v1/people', { name: 'friend' })).status).toBe(403);
    expect((await plane.call('POST', `/v1/services/nowhere/labels`, { body: relabel })).status).toBe(404);
  });

  it('a limited token makes no token, and one of a limited person reaches no further than both', async () => {
    const narrow = await tokenOf('shop operator', { team: 'shop', tier: 'web' });
    const make = await plane.call('POST', '/v1/tokens', {
      token: null,
      headers: narrow,
      body: { name: 'wide', scopes: ['read'] },
    });
    expect([make.status, make.json.code]).toEqual([403, 'forbidden']);
    const seen = (await plane.call('GET', '/v1/services', { token: null, headers: narrow })).json;
    expect(seen.services.map(({ service }: { service: string }) => service)).toEqual(['basket']);
    const none = await tokenOf('shop operator', { team: 'bank' });
    expect((await plane.call('GET', '/v1/services', { token: null, headers: none })).status).toBe(403);
  });

  it('a role that is taken away, and a label that changes, count with the next request', async () => {
    const headers = await sessionOf('shop viewer');
    const get = (path: string) => plane.call('GET', path, { token: null, headers });
    expect((await get('/v1/contracts/basket')).status).toBe(200);
    await plane.call('POST', '/v1/services/basket/labels', { body: { labels: {} } });
    expect((await get('/v1/contracts/basket')).status).toBe(404);
    const change = { change: 'ungrant', where: { team: 'shop' } };
    expect((await plane.call('POST', '/v1/people/shop%20viewer/change', { body: change })).status).toBe(200);
    expect((await get('/v1/services')).status).toBe(403);
    expect((await get('/v1/whoami')).json).toMatchObject({ role: limitedRole, within: [] });
    expect((await plane.call('POST', '/v1/people/shop%20viewer/change', { body: change })).status).toBe(404);
    const [entry] = (await plane.call('GET', '/v1/audit?subject=shop%20viewer&limit=1')).json.entries;
    expect(entry).toMatchObject({ action: 'account.ungrant', detail: { role: 'viewer', where: { team: 'shop' } } });
  });

  it('an administrator of some services does not count as the last one of all', async () => {
    await plane.store.people.add('Ana', 'administrator', 'test');
    const demote = (role: string) => plane.call('POST', '/v1/people/Ana/change', { body: { change: 'role', role } });
    expect([(await demote(limitedRole)).json.code, (await demote('viewer')).json.code]).toEqual([
      'conflict',
      'conflict',
    ]);
  });

  it.each([
    [{ change: 'grant', role: 'viewer', where: {} }],
    [{ change: 'grant', role: 'program', where: { team: 'shop' } }],
    [{ change: 'grant', role: limitedRole, where: { team: 'shop' } }],
    [{ change: 'grant', role: 'viewer', where: { 'te am': 'shop' } }],
    [{ change: 'grant', role: 'viewer', where: { team: ['shop'] } }],
    [{ change: 'grant', role: 'viewer', where: 'team=shop' }],
    [{ change: 'ungrant', where: {} }],
  ])('refuses %j', async (body) => {
    expect((await plane.call('POST', '/v1/people/shop%20auditor/change', { body })).status).toBe(400);
  });
});
