import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { systemClock } from '../../../src/base/index.js';
import { codeAt, stepAt } from '../../../src/server/auth/totp.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { fromBase32 } from './base32.js';
import { type Answer, listenTo, type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
/** Real time, which the tests set forward. */
let ahead = 0;
const clock = { now: () => systemClock.now() + ahead, monotonic: () => systemClock.monotonic() + ahead };
/** Three steps of an authenticator on, and at the beginning of one: what follows has the whole of it, on a slow machine too. */
function laterSteps(): void {
  ahead += 4 * 30_000 - (clock.now() % 30_000);
}
let plane: Plane;
/** Another source: a client that comes from another address. */
let elsewhere: Agent;

beforeAll(async () => {
  plane = await startPlane({ clock });
  elsewhere = new Agent({ ca: plane.server.context.authority.bundle().join(''), localAddress: '127.0.0.2' });
});
afterAll(async () => {
  elsewhere.destroy();
  await plane.close();
  await stopTestStores();
});

interface Signed {
  readonly session: Record<string, string>;
  readonly answer: Answer;
}
const passwordOf = (name: string) => `correct horse of ${[...name].reverse().join('')}`;
const open = (answer: Answer): Signed => ({
  answer,
  session: {
    cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '',
    'x-csrf-token': answer.json?.csrf ?? '',
  },
});
const login = (body: unknown, client?: Agent): Promise<Answer> =>
  plane.call('POST', '/v1/login', { token: null, body, ...(client === undefined ? {} : { client }) });
const as = (session: Record<string, string>, method: string, path: string, body?: unknown): Promise<Answer> =>
  plane.call(method, path, { token: null, headers: session, ...(body === undefined ? {} : { body }) });
const change = (name: string, body: unknown) =>
  plane.call('POST', `/v1/people/${encodeURIComponent(name)}/change`, { body });
const linkOf = (answer: Answer): string => String(answer.json.url).split('#')[1] ?? '';

async function invite(name: string, role?: string): Promise<Signed> {
  const invited = await plane.call('POST', '/v1/people', { body: { name, ...(role === undefined ? {} : { role }) } });
  if (invited.status !== 200) throw new Error(invited.text);
  return open(await login({ token: linkOf(invited), name }));
}

async function withPassword(name: string, role?: string): Promise<Signed> {
  const invited = await invite(name, role);
  const set = await as(invited.session, 'POST', '/v1/password', { password: passwordOf(name) });
  if (set.status !== 200) throw new Error(set.text);
  return open(set);
}

const signIn = (name: string, code?: string, client?: Agent) =>
  login({ name, password: passwordOf(name), ...(code === undefined ? {} : { code }) }, client);

describe('an account', () => {
  it('begins with a one-time link and the least role, and goes on with a password', async () => {
    const ana = await invite('Ana Lima');
    expect(ana.answer.json).toMatchObject({ account: 'Ana Lima', kind: 'session', role: 'viewer', scopes: [] });
    expect((await signIn('Ana Lima')).status).toBe(401);
    for (const password of ['short', 'x'.repeat(257), 'my name is ana lima'])
      expect((await as(ana.session, 'POST', '/v1/password', { password })).status).toBe(400);
    const first = await as(ana.session, 'POST', '/v1/password', { password: passwordOf('Ana Lima') });
    expect(first.status).toBe(200);
    const back = open(await signIn('Ana Lima'));
    expect(back.answer.json).toMatchObject({ account: 'Ana Lima', role: 'viewer' });
    expect((await as(back.session, 'GET', '/v1/status')).status).toBe(200);
    expect((await as(back.session, 'GET', '/v1/people')).status).toBe(403);
    // Another password needs the one before, and ends every session: who changed it gets a new one.
    const next = { password: 'another horse, another staple' };
    expect((await as(back.session, 'POST', '/v1/password', next)).status).toBe(400);
    expect((await as(back.session, 'POST', '/v1/password', { ...next, current: 'wrong' })).status).toBe(401);
    const right = { ...next, current: passwordOf('Ana Lima') };
    const changed = open(await as(back.session, 'POST', '/v1/password', right));
    expect(changed.answer.status).toBe(200);
    for (const { session } of [ana, open(first), back])
      expect((await as(session, 'GET', '/v1/whoami')).status).toBe(401);
    expect((await as(changed.session, 'GET', '/v1/whoami')).json).toMatchObject({ account: 'Ana Lima' });
  });

  it('says the same of a wrong password, an unknown name, a wrong code, a disabled account and one without password', async () => {
    await withPassword('Bela');
    await withPassword('Caro');
    await change('Caro', { change: 'disable' });
    await invite('Dora');
    const answers = [
      await login({ name: 'Bela', password: 'wrong wrong wrong' }),
      await login({ name: 'Nobody At All', password: 'wrong wrong wrong' }),
      await login({ name: 'Bela', password: 'wrong wrong wrong', code: '123456' }),
      await signIn('Caro'),
      await login({ name: 'Dora', password: 'wrong wrong wrong' }),
      await login({ name: 'tester', password: 'wrong wrong wrong' }),
    ];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    for (const { headers } of answers) expect(headers['set-cookie']).toBeUndefined();
  });

  it('is open to nobody who holds the database alone', async () => {
    const rows = await everything();
    expect(rows).toContain('scrypt$65536$8$2$');
    for (const secret of [passwordOf('Bela'), 'another horse']) expect(rows).not.toContain(secret);
  });
});

describe('guessing', () => {
  it('a thousand wrong passwords get slow, and keep neither the owner nor a link out', async () => {
    await withPassword('Emil');
    expect((await signIn('Emil')).status).toBe(200);
    const counts = new Map<number, number>();
    for (let batch = 0; batch < 20; batch += 1) {
      const asked = Array.from({ length: 50 }, () =>
        login({ name: 'Emil', password: 'letmein letmein letmein' }, elsewhere),
      );
      for (const { status } of await Promise.all(asked)) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([401, 429]);
    expect(counts.get(401)).toBeLessThan(20);
    const refused = await signIn('Emil', undefined, elsewhere);
    expect([refused.status, refused.json.code]).toEqual([429, 'rate-limited']);
    expect((await signIn('Emil')).status).toBe(200);
    const link = linkOf(await plane.call('POST', '/v1/people/Emil/link', { body: {} }));
    for (let guess = 0; guess < 30; guess += 1) await login({ token: 'g'.repeat(43), name: 'Emil' }, elsewhere);
    expect((await login({ token: link, name: 'Emil' }, elsewhere)).status).toBe(200);
    ahead += 15 * 60_000;
    expect((await signIn('Emil', undefined, elsewhere)).status).toBe(200);
  });

  it('a credential in a URL is refused, whoever asks', async () => {
    for (const path of [
      '/v1/status?token=x',
      '/v1/status?limit=1&access_token=x',
      '/healthz?API_KEY=x',
      '/?password=x',
    ]) {
      for (const token of [null, undefined]) {
        const answer = await plane.call('GET', path, token === null ? { token } : {});
        expect([path, answer.status, answer.json.detail]).toEqual([
          path,
          400,
          'a credential does not belong into a URL',
        ]);
      }
    }
  });
});

describe('the second factor', () => {
  it('takes each code once, clocks that are off by a step, and recovery codes instead', async () => {
    const { session } = await withPassword('Fanny');
    const wrong = await as(session, 'POST', '/v1/totp', { password: 'wrong' });
    expect(wrong.status).toBe(401);
    const offer = (await as(session, 'POST', '/v1/totp', { password: passwordOf('Fanny') })).json;
    const secret = fromBase32(offer.secret);
    const code = (steps: number) => codeAt(secret, stepAt(clock.now()) + steps);
    laterSteps();
    expect(offer.uri).toContain(`secret=${offer.secret}`);
    expect((await signIn('Fanny')).status).toBe(200); // not in force before its first code
    expect((await as(session, 'POST', '/v1/totp/confirm', { code: '000000' })).status).toBe(400);
    const confirmed = await as(session, 'POST', '/v1/totp/confirm', { code: code(0) });
    expect(confirmed.json.recoveryCodes).toHaveLength(10);

    expect((await signIn('Fanny')).status).toBe(401);
    expect((await signIn('Fanny', code(0))).status).toBe(401); // used to confirm
    laterSteps();
    const next = code(0);
    const both = await Promise.all([signIn('Fanny', next), signIn('Fanny', next)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    laterSteps();
    expect((await signIn('Fanny', code(-2))).status).toBe(401);
    expect((await signIn('Fanny', code(-1))).status).toBe(200);
    laterSteps();
    expect((await signIn('Fanny', code(2))).status).toBe(401);
    expect((await signIn('Fanny', code(1))).status).toBe(200);
    expect((await signIn('Fanny', code(0))).status).toBe(401); // older than one that was used

    const [first = '', second = ''] = confirmed.json.recoveryCodes;
    expect((await login({ name: 'Fanny', password: 'wrong', code: first })).status).toBe(401);
    expect((await signIn('Fanny', first)).status).toBe(200); // a wrong password did not use it up
    expect((await signIn('Fanny', first)).status).toBe(401);
    expect((await signIn('Fanny', second.toLowerCase().replaceAll('-', ' '))).status).toBe(200);

    const rows = await everything();
    for (const hidden of [offer.secret, secret.toString('hex'), first, first.replaceAll('-', '')])
      expect(rows).not.toContain(hidden);
    laterSteps();
    const away = { password: passwordOf('Fanny'), code: code(0) };
    expect((await as(session, 'POST', '/v1/totp/remove', { password: away.password })).status).toBe(401);
    expect((await as(session, 'POST', '/v1/totp/remove', away)).status).toBe(200);
    expect((await signIn('Fanny')).status).toBe(200);
  });

  it('is not changed with a token', async () => {
    const { session } = await withPassword('Gero', 'administrator');
    const made = await as(session, 'POST', '/v1/tokens', { name: 'all', scopes: ['admin'] });
    for (const [path, body] of [
      ['/v1/password', { password: 'a password of the thief', current: passwordOf('Gero') }],
      ['/v1/totp', { password: passwordOf('Gero') }],
    ] as const)
      expect((await plane.call('POST', path, { token: made.json.token, body })).status).toBe(403);
  });
});

describe('who is in charge', () => {
  it('two administrators who remove each other at once leave one', async () => {
    let heir = 'Gero';
    for (let round = 0; round < 5; round += 1) {
      const [one, two] = [`One ${round}`, `Two ${round}`];
      const first = await invite(one, 'administrator');
      const second = await invite(two, 'administrator');
      expect((await change(heir, { change: 'remove' })).status).toBe(200);
      const outcomes = await Promise.all([
        as(first.session, 'POST', `/v1/people/${encodeURIComponent(two)}/change`, { change: 'remove' }),
        as(second.session, 'POST', `/v1/people/${encodeURIComponent(one)}/change`, { change: 'remove' }),
      ]);
      const statuses = outcomes.map(({ status }) => status).sort();
      expect(statuses[0]).toBe(200);
      expect([401, 409]).toContain(statuses[1]);
      const left = await administrators();
      expect(left).toHaveLength(1);
      for (const body of [{ change: 'remove' }, { change: 'disable' }, { change: 'role', role: 'viewer' }]) {
        const answer = await change(left[0] ?? '', body);
        expect([answer.status, answer.json.detail]).toEqual([409, `\`${left[0]}\` is the last administrator`]);
      }
      // With another one there, all of that is possible; the next round begins with those two alone.
      await plane.store.people.add(`Heir ${round}`, 'administrator', 'test');
      expect((await change(left[0] ?? '', { change: 'role', role: 'viewer' })).status).toBe(200);
      heir = `Heir ${round}`;
    }
  });

  it('who is disabled, demoted or removed loses it at once; a name is never given twice', async () => {
    const { session } = await withPassword('Hugo', 'security');
    const { json: token } = await as(session, 'POST', '/v1/tokens', { name: 'own', scopes: ['approve'] });
    const audit = async () => [
      (await as(session, 'GET', '/v1/audit')).status,
      (await plane.call('GET', '/v1/audit', { token: token.token })).status,
    ];
    expect(await audit()).toEqual([200, 200]);
    await change('Hugo', { change: 'role', role: 'developer' });
    expect(await audit()).toEqual([403, 403]);
    await change('Hugo', { change: 'role', role: 'auditor' });
    const link = linkOf(await plane.call('POST', '/v1/people/Hugo/link', { body: {} }));
    await change('Hugo', { change: 'disable' });
    expect(await audit()).toEqual([401, 401]);
    expect((await login({ token: link, name: 'Hugo' })).status).toBe(401);
    expect((await plane.call('POST', '/v1/people/Hugo/link', { body: {} })).status).toBe(409);
    await change('Hugo', { change: 'enable' });
    expect(await audit()).toEqual([401, 200]); // sessions ended, tokens wait
    expect((await signIn('Hugo')).status).toBe(200);
    await change('Hugo', { change: 'remove' });
    expect(await audit()).toEqual([401, 401]);
    expect((await signIn('Hugo')).status).toBe(401);
    for (const name of ['Hugo', 'hugo', 'HUGO'])
      expect((await plane.call('POST', '/v1/people', { body: { name } })).status).toBe(409);
    expect((await change('Hugo', { change: 'enable' })).status).toBe(404);
  });

  it('a stream that is open ends with the right to listen', async () => {
    const { session } = await invite('Jan');
    const { json: token } = await as(session, 'POST', '/v1/tokens', { name: 'own', scopes: ['admin'] });
    const ca = plane.server.context.authority.bundle().join('');
    const stream = await listenTo(plane.server.addresses.consoleUrl, { ca, token: token.token }, 'contracts');
    const ended = new Promise<void>((resolve) => stream.response.once('end', resolve));
    await change('Jan', { change: 'disable' });
    await ended;
  });

  it('counts on when the key that seals it changes, also when that is cut off at any step', async () => {
    const { session } = await withPassword('Gita');
    const offer = await as(session, 'POST', '/v1/totp', { password: passwordOf('Gita') });
    const { secret } = offer.json;
    const file = join(plane.directory, 'keys', 'people.key');
    const sealed = async () =>
      (await plane.store.credentials.sealed()).find(({ account }) => account === 'Gita')?.pending ?? '';
    const [keyBefore, sealedBefore] = [readFileSync(file, 'utf8'), await sealed()];
    const rotate = () => plane.call('POST', '/v1/keys/people/rotate', { body: {} });
    expect((await rotate()).json.unreadable).toEqual([]);
    expect(await sealed()).not.toBe(sealedBefore);
    // Cut off after the keys were kept: the next start seals the rows anew, and forgets the older key.
    const keyAfter = readFileSync(file, 'utf8');
    const next = randomBytes(32).toString('base64');
    writeFileSync(file, `${next}\n${keyAfter.trim()} 0\n`, { mode: 0o600 });
    const sealedAfter = await sealed();
    await plane.restart();
    expect(readFileSync(file, 'utf8')).toBe(`${next}\n`);
    expect(await sealed()).not.toBe(sealedAfter);
    expect(keyBefore).not.toContain(next);
    const code = codeAt(fromBase32(secret), stepAt(clock.now()));
    expect((await as(session, 'POST', '/v1/totp/confirm', { code })).status).toBe(200);
    const [entry] = (await plane.call('GET', '/v1/audit?subject=people&limit=1')).json.entries;
    expect(entry).toMatchObject({ action: 'key.rotate', actor: 'control plane' });
  });

  it('a reset forgets password and second factor, and lets the person in by link alone', async () => {
    const { session } = await withPassword('Ida');
    const reset = await plane.call('POST', '/v1/people/Ida/link', { body: { reset: true } });
    expect((await as(session, 'GET', '/v1/whoami')).status).toBe(401);
    expect((await signIn('Ida')).status).toBe(401);
    const back = open(await login({ token: linkOf(reset), name: 'Ida' }));
    expect((await as(back.session, 'POST', '/v1/password', { password: 'a fresh start for all' })).status).toBe(200);
  });

  it('refuses hostile names, and those of others', async () => {
    await invite('zo\u00eb');
    for (const name of [
      '',
      ' ',
      '../../etc',
      'a\nb',
      'a\u0000b',
      '\u202egnp.exe',
      '<script>',
      '-rf',
      'Ａｎａ',
      'x'.repeat(65),
      'Local Operator',
      'login link',
      'ana lima',
      'TESTER',
      'ZO\u00cb',
      '__proto__',
    ]) {
      const answer = await plane.call('POST', '/v1/people', { body: { name } });
      expect([name, [400, 409].includes(answer.status)]).toEqual([name, true]);
    }
    expect((await plane.call('POST', '/v1/people', { body: { name: 'Jo', role: 'owner' } })).status).toBe(400);
    expect(
      (await plane.call('POST', '/v1/tokens', { body: { name: 'x', account: 'ANA LIMA', scopes: ['read'] } })).status,
    ).toBe(409);
    for (const name of ['tester', 'No One', '%00', 'a/b'])
      expect([404, 400]).toContain((await change(name, { change: 'remove' })).status);
    // A link for administrators is nobody else's.
    const link = linkOf(await plane.call('POST', '/v1/login-links', { body: {} }));
    expect((await login({ token: link, name: 'Bela' })).status).toBe(409);
    expect((await login({ token: link, name: 'tester' })).status).toBe(409);
    expect((await login({ token: link, name: 'Kim' })).json).toMatchObject({ account: 'Kim', role: 'administrator' });
  });
});

describe('sessions and tokens', () => {
  it('are listed without their secrets, and end by their id', async () => {
    const first = await withPassword('Lea');
    const second = open(await signIn('Lea', undefined, elsewhere));
    const listed = (await as(first.session, 'GET', '/v1/sessions')).json.sessions;
    expect(listed.map((row: { source: string; current: boolean }) => [row.source, row.current]).sort()).toEqual([
      ['127.0.0.1', true],
      ['127.0.0.2', false],
    ]);
    const other = listed.find((row: { current: boolean }) => !row.current).id;
    const bela = open(await signIn('Bela'));
    expect((await as(bela.session, 'POST', `/v1/sessions/${other}/revoke`, {})).json).toEqual({ revoked: false });
    expect((await as(bela.session, 'GET', '/v1/sessions?all=true')).status).toBe(403);
    expect((await as(first.session, 'POST', `/v1/sessions/${other}/revoke`, {})).json).toEqual({ revoked: true });
    expect((await as(second.session, 'GET', '/v1/whoami')).status).toBe(401);

    const made = (await as(first.session, 'POST', '/v1/tokens', { name: 'ci', scopes: ['read'], ttlSeconds: 60 })).json;
    expect((await as(first.session, 'GET', '/v1/tokens')).json.tokens[0]).toMatchObject({
      name: 'ci',
      lastUsedAt: null,
    });
    await plane.call('GET', '/v1/status', { token: made.token });
    const used = async () => (await as(first.session, 'GET', '/v1/tokens')).json.tokens[0]?.lastUsedAt ?? null;
    while ((await used()) === null) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await as(bela.session, 'POST', '/v1/tokens/ci/revoke', { account: 'Lea' })).status).toBe(403);
    ahead += 60_000;
    expect((await plane.call('GET', '/v1/status', { token: made.token })).status).toBe(401);
    expect((await as(first.session, 'GET', '/v1/tokens')).json.tokens).toEqual([]);
  });

  it('every change stands in the audit trail, which holds', async () => {
    const { entries } = (await plane.call('GET', '/v1/audit?limit=1000')).json;
    const actions = new Set(entries.map((entry: { action: string }) => entry.action));
    for (const action of [
      'account.create',
      'account.link',
      'account.login',
      'account.password',
      'account.totp',
      'account.totp-removed',
      'account.recovery-code',
      'account.role',
      'account.disable',
      'account.enable',
      'account.remove',
      'account.reset',
      'session.revoke',
      'token.create',
    ])
      expect([action, actions.has(action)]).toEqual([action, true]);
    expect((await plane.call('GET', '/v1/audit/verify')).json.ok).toBe(true);
  });
});

async function administrators(): Promise<string[]> {
  const { people } = (await plane.call('GET', '/v1/people')).json;
  return people
    .filter((person: { role: string; state: string }) => person.role === 'administrator' && person.state === 'active')
    .map((person: { name: string }) => person.name);
}

/** Every row that holds something of people, as text. */
async function everything(): Promise<string> {
  const { connection } = plane;
  if (connection.kind !== 'socket') throw new Error('a private cluster is expected');
  const client = new pg.Client({ host: connection.directory, user: connection.user, database: connection.database });
  await client.connect();
  const tables = [
    'accounts',
    'credentials',
    'recovery_codes',
    'login_sources',
    'sessions',
    'tokens',
    'login_links',
    'audit',
  ];
  const union = tables.map((table) => `select row_to_json(t)::text as row from ${table} t`).join(' union all ');
  const { rows } = await client.query(union);
  await client.end();
  return rows.map(({ row }) => row).join('\n');
}
