import { Agent } from 'node:https';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { access } from '../../../src/server/routes/access.js';
import { routes } from '../../../src/server/routes/index.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let site: string;

beforeAll(async () => {
  site = mkdtempSync(join(tmpdir(), 'tcs-ui-'));
  mkdirSync(join(site, 'assets'));
  writeFileSync(join(site, 'index.html'), '<!doctype html><title>console</title>');
  writeFileSync(join(site, 'assets', 'main-Abc12345.js'), `console.log(${JSON.stringify('x'.repeat(5_000))})`);
  symlinkSync('/etc/passwd', join(site, 'assets', 'leak.txt'));
  plane = await startPlane({ console: site });
});
afterAll(async () => {
  await plane.close();
  rmSync(site, { recursive: true, force: true });
  await stopTestStores();
});

const guarded = Object.entries(access).filter(([, scope]) => scope !== 'anyone');
const samples: Readonly<Record<string, string>> = { id: 'INC-1', service: 'orders', version: '0' };
const pathOf = (key: string) =>
  (key.split(' ')[1] ?? '').replace(/:([a-z]+)/g, (_all, name: string) => samples[name] ?? 'x');

describe('who may do what', () => {
  it('lists every route in the access table and no other', () => {
    const registered = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    expect(Object.keys(access).filter((key) => key !== 'GET /*' && !registered.has(key))).toEqual([]);
    expect([...registered].filter((key) => !Object.hasOwn(access, key))).toEqual([]);
  });

  it('answers 401 on every guarded route without credentials, and with wrong ones', async () => {
    for (const [key] of guarded) {
      const [method = ''] = key.split(' ');
      const body = method === 'POST' ? { body: {} } : {};
      for (const headers of [
        {},
        { authorization: `Bearer ${'x'.repeat(43)}` },
        { authorization: 'Basic YTpi' },
        { cookie: '__Host-tricordon=forged' },
      ]) {
        const answer = await plane.call(method, pathOf(key), { token: null, headers, ...body });
        expect([key, answer.status, answer.json.code]).toEqual([key, 401, 'unauthenticated']);
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      }
    }
  });

  it('lets a revoked token in no more', async () => {
    const made = await plane.call('POST', '/v1/tokens', { body: { name: 'ci', scopes: ['read'] } });
    expect((await plane.call('GET', '/v1/whoami', { token: made.json.token })).json).toMatchObject({
      account: 'tester',
      kind: 'token',
      scopes: ['read'],
    });
    expect((await plane.call('POST', '/v1/tokens/ci/revoke', { body: {} })).json).toEqual({ revoked: true });
    expect((await plane.call('GET', '/v1/whoami', { token: made.json.token })).status).toBe(401);
  });

  it('tells an unknown path apart only for those who are signed in', async () => {
    expect((await plane.call('GET', '/v1/nothing', { token: null })).status).toBe(404);
    expect((await plane.call('PUT', '/v1/status')).status).toBe(404);
  });
});

describe('signing in', () => {
  it('makes a named administrator of the first link, once, and binds changes to the CSRF token', async () => {
    const link = (await plane.call('POST', '/v1/login-links', { body: {} })).json.url;
    const [page, token] = link.split('#');
    expect(page).toBe(`${plane.server.addresses.consoleUrl}/login`);
    const login = await plane.call('POST', '/v1/login', { token: null, body: { token, name: 'Ana Lovelace' } });
    expect(login.json).toMatchObject({
      account: 'Ana Lovelace',
      kind: 'session',
      scopes: ['read', 'operate', 'approve', 'admin'],
    });
    const cookie = String(login.headers['set-cookie']);
    expect(cookie).toMatch(/^__Host-tricordon=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Strict$/);
    const session = { cookie: cookie.split(';')[0] ?? '' };

    const again = await plane.call('POST', '/v1/login', { token: null, body: { token, name: 'Mallory' } });
    expect(again.status).toBe(401);

    const me = await plane.call('GET', '/v1/whoami', { token: null, headers: session });
    expect(me.json.csrf).toBe(login.json.csrf);
    const without = await plane.call('POST', '/v1/services', {
      token: null,
      headers: session,
      body: { service: 'web' },
    });
    expect([without.status, without.json.code]).toEqual([403, 'csrf']);
    const wrong = await plane.call('POST', '/v1/services', {
      token: null,
      headers: { ...session, 'x-csrf-token': 'x' },
      body: { service: 'web' },
    });
    expect(wrong.json.code).toBe('csrf');
    const right = await plane.call('POST', '/v1/services', {
      token: null,
      headers: { ...session, 'x-csrf-token': login.json.csrf },
      body: { service: 'web' },
    });
    expect([right.status, right.json]).toEqual([200, { service: 'web', labels: {}, hosts: null, version: 0 }]);
    const doubled = await plane.call('GET', '/v1/whoami', {
      token: null,
      headers: { cookie: `${session.cookie}; __Host-tricordon=other` },
    });
    expect(doubled.status).toBe(401);

    const audit = await plane.call('GET', '/v1/audit?limit=50');
    expect(
      audit.json.entries.some(
        (entry: { actor: string; action: string }) =>
          entry.actor === 'Ana Lovelace' && entry.action === 'account.login',
      ),
    ).toBe(true);

    const out = await plane.call('POST', '/v1/logout', {
      token: null,
      headers: { ...session, 'x-csrf-token': login.json.csrf },
      body: {},
    });
    expect(out.status).toBe(200);
    expect((await plane.call('GET', '/v1/whoami', { token: null, headers: session })).status).toBe(401);
  });

  it('slows down guesses at login links', async () => {
    const answers = [];
    for (let guess = 0; guess < 15; guess += 1)
      answers.push(
        (await plane.call('POST', '/v1/login', { token: null, body: { token: 'g'.repeat(43), name: 'x' } })).status,
      );
    expect(answers).toContain(429);
    expect(answers).not.toContain(200);
  });
});

describe('hostile input', () => {
  it('refuses bodies that are too large, no JSON, poisoned, or of another type', async () => {
    const post = (raw: string, type = 'application/json') =>
      plane.call('POST', '/v1/services', { raw, headers: { 'content-type': type } });
    expect((await post(`{"service":"${'a'.repeat(70_000)}"}`)).status).toBe(413);
    expect((await post('{"service":')).status).toBe(400);
    expect((await post('{"service":"a","__proto__":{"admin":true}}')).status).toBe(400);
    expect((await post('service=a', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await post('{"service":"a"}', 'text/plain')).status).toBe(415);
    const extra = await post('{"service":"a","admin":true}');
    expect([extra.status, extra.json.code, extra.json.issues[0].message]).toEqual([
      400,
      'invalid',
      'Unrecognized key: "admin"',
    ]);
    const deep = await post(`{"service":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    expect(deep.status).toBe(400);
  });

  it('never says anything internal', async () => {
    const answer = await plane.call('GET', '/v1/evidence/no-such');
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: 'Not found',
      status: 404,
      code: 'not-found',
      detail: 'there is no evidence `no-such`',
      hint: 'evidence past its days is removed; the audit trail says when (evidence.remove)',
    });
  });

  it('answers to its own names only', async () => {
    const answer = await plane.call('GET', '/healthz', { token: null, headers: { host: 'attacker.example' } });
    expect([answer.status, answer.json.code]).toEqual([421, 'misdirected']);
  });

  it('ends an oversized head and a request without TLS', async () => {
    const long = await plane.call('GET', '/healthz', { token: null, headers: { 'x-long': 'a'.repeat(20_000) } }).then(
      (answer) => answer.status,
      () => 431,
    );
    expect([400, 431]).toContain(long);
    const port = Number(new URL(plane.server.addresses.consoleUrl).port);
    const old = new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false }, () =>
        resolve('connected'),
      );
      socket.on('error', () => resolve('refused'));
    });
    expect(await old).toBe('refused');
  });
});

describe('the console', () => {
  it('comes with a strict content policy, and views get the page', async () => {
    for (const path of ['/', '/coverage', '/incidents/INC-1', '/login']) {
      const answer = await plane.call('GET', path, { token: null });
      expect([path, answer.status, answer.text]).toEqual([path, 200, '<!doctype html><title>console</title>']);
      expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'/);
      expect(answer.headers['cache-control']).toBe('no-cache');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('serves hashed assets for ever, and nothing that is not in the build', async () => {
    const asset = await plane.call('GET', '/assets/main-Abc12345.js', { token: null });
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(
      (
        await plane.call('GET', '/assets/main-Abc12345.js', {
          token: null,
          headers: { 'if-none-match': String(asset.headers['etag']) },
        })
      ).status,
    ).toBe(304);
    for (const path of [
      '/assets/leak.txt',
      '/assets/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/assets/none.js',
    ]) {
      const answer = await plane.call('GET', path, { token: null });
      expect([path, answer.text.includes('root:')]).toEqual([path, false]);
    }
    expect((await plane.call('GET', '/assets/leak.txt', { token: null })).status).toBe(404);
  });

  it('counts violations that browsers report', async () => {
    const before = (await plane.call('GET', '/v1/status')).json.cspViolations;
    const report = await plane.call('POST', '/csp-report', {
      token: null,
      raw: '{"csp-report":{}}',
      headers: { 'content-type': 'application/csp-report' },
    });
    expect(report.status).toBe(204);
    expect((await plane.call('GET', '/v1/status')).json.cspViolations).toBe(before + 1);
  });

  it('keeps its certificate over a restart', async () => {
    const before = plane.server.addresses.fingerprint;
    await plane.restart();
    expect(plane.server.addresses.fingerprint).toBe(before);
    expect((await plane.call('GET', '/healthz', { token: null })).json).toEqual({ ok: true });
    const stranger = new Agent({ keepAlive: false });
    await expect(plane.call('GET', '/healthz', { token: null, client: stranger })).rejects.toThrow(
      /self-signed|unable to/,
    );
  });
});
