/** The commands of people, as two of them type them: the installer with the token of the installation, and a colleague. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec, minimalEnvironment } from '../../../src/base/index.js';
import { codeAt, stepAt } from '../../../src/server/auth/totp.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let home: string;
let house: string;

beforeAll(async () => {
  plane = await startPlane();
  home = mkdtempSync(join(tmpdir(), 'tcp-'));
  house = join(home, 'house');
  mkdirSync(house);
  writeFileSync(join(house, 'token'), readFileSync(join(plane.directory, 'access.json')), { mode: 0o600 });
});
afterAll(async () => {
  await plane.close();
  rmSync(home, { recursive: true, force: true });
  await stopTestStores();
});

/** As a person with a home of their own, and lines for standard input. */
async function as(person: string, args: readonly string[], ...lines: string[]) {
  const said = await exec(process.execPath, [join(process.cwd(), 'bin/tricordon.mjs'), ...args], {
    env: minimalEnvironment({ XDG_CONFIG_HOME: join(home, person), HOME: home }),
    cwd: home,
    timeoutMs: 300_000,
    input: lines.map((line) => `${line}\n`).join(''),
  });
  const out = said.stdout;
  return { status: said.status, out, err: said.stderr, json: () => JSON.parse(out) };
}
const installer = (...args: string[]) => as('installer', [...args, '--data-dir', house, '-o', 'json']);
const password = 'a long enough phrase';
const file = (person: string) => join(home, person, 'tricordon/session.json');

describe('people on the command line', () => {
  it('a role for some services is given, shown and taken away; labels say which services', async () => {
    const register = await installer(
      'service',
      'register',
      'basket',
      '--label',
      'team=shop',
      '--label',
      'environment=test',
    );
    expect(register.json()).toMatchObject({ service: 'basket', labels: { team: 'shop', environment: 'test' } });
    expect((await installer('service', 'label', 'basket', 'team=shop')).json().labels).toEqual({ team: 'shop' });
    expect((await installer('service', 'list')).json().services[0]).toMatchObject({ labels: { team: 'shop' } });
    const invited = await installer('user', 'invite', 'Cem', '--role', 'approver', '--where', 'team=shop');
    expect(invited.json()).toMatchObject({ account: 'Cem', role: 'approver', where: { team: 'shop' } });
    await installer('user', 'role', 'Cem', 'viewer', '--where', 'environment=test');
    const people = (await installer('user', 'list')).json().people;
    expect(people.find(({ name }: { name: string }) => name === 'Cem')).toMatchObject({
      role: 'limited',
      grants: [
        { role: 'approver', where: { team: 'shop' } },
        { role: 'viewer', where: { environment: 'test' } },
      ],
    });
    const shown = await as('installer', ['user', 'list', '--data-dir', house]);
    expect(shown.out).toContain('limited; approver where team=shop; viewer where environment=test');
    expect((await installer('user', 'role', 'Cem', '--where', 'environment=test', '--remove')).json()).toMatchObject({
      removed: true,
    });
    const token = await installer('token', 'create', 'ci', '--account', 'ci', '--where', 'team=shop');
    expect(token.status).toBe(0);
    expect((await as('installer', ['token', 'list', '--all', '--data-dir', house])).out).toContain('team=shop');

    for (const wrong of [
      ['service', 'label', 'basket'],
      ['service', 'label', 'basket', 'team=shop', '--none'],
      ['service', 'register', 'basket', '--label', 'team'],
      ['user', 'role', 'Cem', '--remove'],
      ['user', 'role', 'Cem'],
      ['user', 'invite', 'Dan', '--where', 'team=a b'],
    ]) {
      const said = await installer(...wrong);
      expect([wrong, said.status, said.json().error.code]).toEqual([wrong, 1, 'usage']);
    }
    const absent = (await installer('user', 'role', 'Cem', '--where', 'team=bank', '--remove')).json();
    expect(absent.error.message).toContain('no role for team=bank');
    expect((await installer('user', 'remove', 'Cem')).status).toBe(0);
    const unknown = (await installer('service', 'label', 'nowhere', 'a=b')).json();
    expect(unknown.error.message).toBe('there is no service `nowhere`');
  });

  it('who is invited signs in with the link, sets a password, and does what the role says', async () => {
    const invited = (await installer('user', 'invite', 'Ana Lima', '--role', 'developer')).json();
    expect(invited).toMatchObject({ account: 'Ana Lima', role: 'developer' });
    const address = new URL(invited.url).origin;

    const stranger = await as('ana', ['user', 'list']);
    expect([stranger.status, stranger.err]).toEqual([3, expect.stringContaining('tricordon login')]);
    const argued = await as('ana', [
      'login',
      invited.url,
      '--name',
      'Ana Lima',
      '--ca-fingerprint',
      invited.fingerprint,
    ]);
    expect([argued.status, argued.err]).toEqual([1, expect.stringContaining('list of processes')]);
    const other = ['login', address, '--name', 'Ana Lima', '--link', '--ca-fingerprint', '0'.repeat(64)];
    const foreign = await as('ana', other, invited.url, password);
    expect([foreign.status, foreign.err]).toEqual([1, expect.stringContaining('not the one whose fingerprint')]);

    const signIn = [
      'login',
      address,
      '--name',
      'Ana Lima',
      '--link',
      '--ca-fingerprint',
      invited.fingerprint,
      '-o',
      'json',
    ];
    const first = await as('ana', signIn, invited.url, password);
    expect([first.status, first.err]).toEqual([0, '']);
    expect(first.json()).toMatchObject({ account: 'Ana Lima', role: 'developer' });
    expect(statSync(file('ana')).mode & 0o777).toBe(0o600);
    expect(readFileSync(file('ana'), 'utf8')).not.toContain(password);

    const me = (await as('ana', ['whoami', '-o', 'json'])).json();
    expect(me).toMatchObject({ account: 'Ana Lima', kind: 'session', role: 'developer' });
    expect(me).not.toHaveProperty('csrf');
    expect((await as('ana', ['incidents', 'list'])).status).toBe(0);
    const refused = await as('ana', ['user', 'list']);
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('people.manage')]);
    expect((await as('ana', ['login'], 'not the password')).err).toContain('name, password or code is wrong');
    expect((await as('ana', ['login'], password)).status).toBe(0);

    expect((await as('ana', ['logout'])).status).toBe(0);
    expect((await as('ana', ['whoami'])).status).toBe(3);
    expect(readFileSync(file('ana'), 'utf8')).toContain('"session":null');
    expect((await as('ana', ['login'], password)).status).toBe(0);
  });

  it('changes password and second factor, and lists what is one’s own', async () => {
    const changed = await as('ana', ['password'], password, '', `${password}, and longer`);
    expect([changed.status, changed.err]).toEqual([0, '']);
    const wrong = await as('ana', ['totp', 'on'], password, '', '000000');
    expect(wrong.err).toContain('name, password or code is wrong');
    expect((await as('ana', ['totp', 'sideways'])).status).toBe(1);

    const made = (await as('ana', ['token', 'create', 'ci', '--days', '1', '-o', 'json'])).json();
    expect((await plane.call('GET', '/v1/whoami', { token: made.token })).json.scopes).toEqual([]);
    expect((await as('ana', ['token', 'list', '-o', 'json'])).json().tokens).toMatchObject([
      { name: 'ci', account: 'Ana Lima', scopes: ['read'] },
    ]);
    expect((await as('ana', ['token', 'list', '--all'])).status).toBe(1);
    const all = (await installer('token', 'list', '--all')).json().tokens;
    expect(all.map((token: { name: string }) => token.name)).toEqual(expect.arrayContaining(['ci', 'cli']));
    expect((await as('ana', ['token', 'revoke', 'ci'])).status).toBe(0);
    expect((await as('ana', ['token', 'revoke', 'ci'])).status).toBe(1);
    expect((await as('ana', ['token', 'create', 'x', '--days', 'soon'])).err).toContain('--days');

    const sessions = (await as('ana', ['session', 'list', '-o', 'json'])).json().sessions;
    expect(sessions).toHaveLength(1);
    expect((await as('ana', ['session', 'revoke', sessions[0].id])).status).toBe(0);
    expect((await as('ana', ['whoami'])).err).toContain('sign in first');
  });

  it('a second factor is asked for from then on', async () => {
    // The offer has to be read before its first code can be given, so this goes over the API with the session that is kept.
    expect((await as('ana', ['login'], `${password}, and longer`)).status).toBe(0);
    const { session } = JSON.parse(readFileSync(file('ana'), 'utf8'));
    const headers = { cookie: session.cookie, 'x-csrf-token': session.csrf };
    const ask = (path: string, body: unknown) => plane.call('POST', path, { token: null, headers, body });
    const { secret } = (await ask('/v1/totp', { password: `${password}, and longer` })).json;
    const bits = [...String(secret)]
      .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
      .join('');
    const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
    const code = codeAt(key, stepAt(plane.server.context.clock.now()));
    const { recoveryCodes } = (await ask('/v1/totp/confirm', { code })).json;
    expect((await as('ana', ['login'], `${password}, and longer`)).status).toBe(1);
    expect((await as('ana', ['login'], `${password}, and longer`, recoveryCodes[0])).status).toBe(0);
    expect((await as('ana', ['totp', 'off'], `${password}, and longer`, recoveryCodes[1])).status).toBe(0);
    expect((await as('ana', ['login'], `${password}, and longer`)).status).toBe(0);
  });

  it('roles change, people are shut out, let in again, reset and removed', async () => {
    expect((await installer('user', 'role', 'Ana Lima', 'auditor')).status).toBe(0);
    expect((await as('ana', ['audit', 'verify'])).status).toBe(0);
    const king = await installer('user', 'role', 'Ana Lima', 'king');
    expect([king.status, king.json().error.message]).toEqual([1, expect.stringContaining('`role`: Invalid option')]);
    expect((await installer('user', 'disable', 'Ana Lima')).status).toBe(0);
    expect((await as('ana', ['whoami'])).status).toBe(1);
    expect((await installer('user', 'link', 'Ana Lima')).json().error.hint).toContain('user enable');
    expect((await installer('user', 'enable', 'Ana Lima')).status).toBe(0);
    const reset = (await installer('user', 'reset', 'Ana Lima')).json();
    expect((await as('ana', ['login'], `${password}, and longer`)).status).toBe(1);
    expect((await as('ana', ['login', '--link'], reset.url)).status).toBe(0);
    expect((await installer('user', 'list')).json().people).toMatchObject([
      { name: 'Ana Lima', role: 'auditor', state: 'active', hasPassword: false, hasTotp: false },
    ]);
    expect((await installer('user', 'remove', 'Ana Lima')).status).toBe(0);
    expect((await installer('user', 'list')).json().people).toEqual([]);
    const again = await installer('user', 'invite', 'ana lima');
    expect([again.status, again.json().error.message]).toEqual([1, 'the name `Ana Lima` was given before']);
    const chief = (await installer('user', 'invite', "Zoë O'Neill", '--role', 'administrator')).json();
    const last = await installer('user', 'remove', "Zoë O'Neill");
    expect([last.status, last.json().error.message]).toEqual([1, "`Zoë O'Neill` is the last administrator"]);
    expect(chief.url).toMatch(/\/login#[\w-]{43}$/);
  });

  it('a session file that others can read is refused', async () => {
    expect(existsSync(file('ana'))).toBe(true);
    rmSync(file('ana'));
    writeFileSync(file('ana'), '{}', { mode: 0o644 });
    const refused = await as('ana', ['whoami']);
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('can be read by others')]);
  });
});
