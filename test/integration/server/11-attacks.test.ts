/** What another site, a stranger on the network or whoever holds half of a secret may try: on every route there is. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { systemClock } from '../../../src/base/index.js';
import { callerRate } from '../../../src/server/http/console-listener.js';
import { access } from '../../../src/server/routes/access.js';
import { csrfOf } from '../../../src/server/auth/authenticate.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let cookie = '';
let other = '';
beforeAll(async () => {
  plane = await startPlane();
  for (const name of ['Ana', 'Ben']) await plane.store.accounts.ensure(name, 'administrator', 'test');
  [cookie, other] = [await sessionOf('Ana'), await sessionOf('Ben')];
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

async function sessionOf(name: string): Promise<string> {
  const link = await plane.store.accounts.createLoginLink(name, 60_000, 'test');
  const opened = await plane.store.accounts.redeemLoginLink(link, 600_000);
  if (opened === undefined) throw new Error('no session');
  return opened.cookie;
}

const guarded = Object.entries(access).filter(([, needed]) => needed !== 'anyone');
const changing = guarded.map(([key]) => key).filter((key) => key.startsWith('POST '));
const reading = guarded.map(([key]) => key).filter((key) => key.startsWith('GET ') && key !== 'GET /v1/stream');
const pathOf = (key: string, value = 'x') => (key.split(' ')[1] ?? '').replace(/:[a-z]+/g, value);
const auditLength = async () => (await plane.store.audit.list({ limit: 1 }))[0]?.seq ?? 0;

describe('another site in the browser of somebody who is signed in', () => {
  it('changes nothing on any route: without the header, with one of another session, or with a form', async () => {
    const before = await auditLength();
    const session = { cookie: `__Host-tricordon=${cookie}` };
    expect(changing.length).toBeGreaterThan(20);
    for (const key of changing) {
      const post = (headers: Record<string, string>, raw = '{}', type = 'application/json') =>
        plane.call('POST', pathOf(key), {
          token: null,
          raw,
          headers: { ...session, 'content-type': type, ...headers },
        });
      const attempts = [
        await post({}),
        await post({ 'x-csrf-token': csrfOf(other) }),
        await post({ 'x-csrf-token': '' }),
        await post({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
        await post({}, 'name=x', 'application/x-www-form-urlencoded'),
        await post({}, '{"name":"x"}', 'text/plain'),
        await post({}, '--a\r\n\r\n--a--', 'multipart/form-data; boundary=a'),
      ];
      expect([key, attempts.map(({ status }) => status)]).toEqual([key, attempts.map(() => 403)]);
    }
    expect(await auditLength()).toBe(before);
  });

  it('is not told anything: no route allows another origin, and none can be framed', async () => {
    for (const key of [...reading, 'GET /healthz', 'POST /v1/login']) {
      const [method = ''] = key.split(' ');
      const answer = await plane.call(method, pathOf(key), {
        token: null,
        headers: { cookie: `__Host-tricordon=${cookie}`, origin: 'https://evil.example' },
      });
      expect([key, answer.headers['access-control-allow-origin']]).toEqual([key, undefined]);
      expect([key, answer.headers['x-frame-options'] ?? answer.headers['content-security-policy']]).toEqual([
        key,
        expect.stringMatching(/DENY|frame-ancestors 'none'/),
      ]);
    }
    const preflight = await plane.call('OPTIONS', '/v1/services', {
      token: null,
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([404, undefined]);
  });

  it('leads nobody elsewhere: no answer redirects, whatever path or parameter asks for it', async () => {
    const base = plane.server.addresses.consoleUrl;
    const paths = [
      '//evil.example',
      '/%5cevil.example',
      '/%2f%2fevil.example',
      '/login?next=//evil.example',
      '/.//evil.example',
    ];
    for (const path of [...paths, ...reading.map((key) => `${pathOf(key)}?next=https://evil.example`)]) {
      const answer = await plane.call('GET', `${base}${path}`, {
        token: null,
        headers: { cookie: `__Host-tricordon=${cookie}` },
      });
      expect([path, answer.status >= 300 && answer.status < 400]).toEqual([path, false]);
      expect([path, answer.headers['location'], answer.headers['refresh']]).toEqual([path, undefined, undefined]);
    }
  });
});

describe('a planted cookie', () => {
  const planted = 'p'.repeat(43);
  const sessionHeader = (answer: { headers: Record<string, string | string[] | undefined> }) =>
    /__Host-tricordon=([^;]*)/.exec(String(answer.headers['set-cookie']))?.[1] ?? '';

  it('never becomes the session of who signs in with it', async () => {
    const link = await plane.store.accounts.createLoginLink('Ana', 60_000, 'test');
    const signedIn = await plane.call('POST', '/v1/login', {
      token: null,
      body: { token: link, name: 'Ana' },
      headers: { cookie: `__Host-tricordon=${planted}` },
    });
    expect(signedIn.status).toBe(200);
    expect(sessionHeader(signedIn)).toMatch(/^[\w-]{43}$/);
    expect(sessionHeader(signedIn)).not.toBe(planted);
    const asPlanted = await plane.call('GET', '/v1/whoami', {
      token: null,
      headers: { cookie: `__Host-tricordon=${planted}` },
    });
    expect(asPlanted.status).toBe(401);
  });

  it('beside the right one makes neither count', async () => {
    for (const both of [
      `__Host-tricordon=${cookie}; __Host-tricordon=${planted}`,
      `__Host-tricordon=${planted}; __Host-tricordon=${cookie}`,
    ])
      expect((await plane.call('GET', '/v1/whoami', { token: null, headers: { cookie: both } })).status).toBe(401);
  });
});

describe('hostile text', () => {
  it('in a path puts no header into any answer', async () => {
    const evil = '%0d%0aSet-Cookie:%20evil=1%0d%0ax-evil:%201';
    for (const key of [...reading, ...changing]) {
      const [method = ''] = key.split(' ');
      if (!key.includes(':')) continue;
      const answer = await plane.call(method, pathOf(key, evil), {
        token: null,
        headers: { cookie: `__Host-tricordon=${cookie}`, 'x-csrf-token': csrfOf(cookie) },
        ...(method === 'POST' ? { body: {} } : {}),
      });
      expect([key, answer.headers['set-cookie'], answer.headers['x-evil']]).toEqual([key, undefined, undefined]);
      expect(answer.text).not.toMatch(/[\r\n]/);
    }
  });

  it('of a credential in a URL is refused on every route, signed in or not', async () => {
    for (const key of [...reading, ...changing]) {
      const [method = ''] = key.split(' ');
      for (const name of ['token', 'access_token', 'Authorization', 'api_key', 'password', 'code']) {
        const path = `${pathOf(key)}?${name}=${'s'.repeat(43)}`;
        const answer = await plane.call(method, path, method === 'POST' ? { body: {} } : {});
        expect([path, answer.status, answer.json?.detail]).toEqual([
          path,
          400,
          'a credential does not belong into a URL',
        ]);
      }
    }
  });
});

describe('asking too often', () => {
  it('is told to wait, by session or token alone', async () => {
    // Time stands still, so that nothing is given back meanwhile.
    const still = await startPlane({ clock: { now: systemClock.now, monotonic: () => 0 } });
    const [loud, quiet] = [await still.token(['read']), await still.token(['read'])];
    const ask = (token: string) => still.call('GET', '/v1/roles', { token });
    for (let asked = 0; asked < callerRate.burst; asked += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(loud)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
    const refused = await ask(loud);
    expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([429, 'rate-limited', '1']);
    expect((await ask(quiet)).status).toBe(200);
    await still.close();
  });
});

describe('guessing', () => {
  it('costs the same work for a name that is known and one that is not', async () => {
    const { passwords } = plane.server.context;
    const { verify } = passwords;
    const asked: (string | undefined)[] = [];
    Object.assign(passwords, {
      verify: (password: string, hash: string | undefined) => {
        asked.push(hash === undefined ? 'nobody' : 'somebody');
        return verify(password, hash);
      },
    });
    try {
      await plane.store.credentials.setPassword('Ben', await passwords.hash('correct horse of Ben'));
      const login = (name: string) =>
        plane.call('POST', '/v1/login', { token: null, body: { name, password: 'guess' } });
      const [known, unknown] = [await login('Ben'), await login('Nobody at all')];
      expect(asked).toEqual(['somebody', 'nobody']);
      expect(unknown.text).toBe(known.text);
      expect(Object.keys(unknown.headers).toSorted()).toEqual(Object.keys(known.headers).toSorted());
    } finally {
      Object.assign(passwords, { verify });
    }
  });
});
