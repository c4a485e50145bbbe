/** What a thief of the disk, the database or a process list reads after a full story: no secret that anybody typed or was shown. */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { accountNamed, commandLineOf, exec } from '../../../src/base/index.js';
import { keyRegistry } from '../../../src/cli/keys/registry.js';
import { codeAt, stepAt } from '../../../src/server/auth/totp.js';
import { requires } from '../../requires.js';
import { talker } from '../hosts/talker.js';
import { fromBase32 } from '../server/base32.js';
import { type Answer, type CallOptions, send } from '../server/harness.js';
import { python } from './programs.js';
import { asRoot, eventually, get, type House, house, leftOf, remove, roomy, type Running } from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;

/** Each secret of the story by what it is, in every form in which it was shown. */
const secrets = new Map<string, string>();
let directory = '';
let home: House;
let client: Agent;
let url = '';
let operator = '';
const started: Running[] = [];

beforeAll(async () => {
  if (!ready) return;
  directory = roomy();
  home = house(asRoot(), directory);
  started.push(await home.up('www-data'));
  const access = JSON.parse(readFileSync(join(home.data, 'token'), 'utf8'));
  [url, operator] = [access.url, access.token];
  client = new Agent({ ca: access.ca, keepAlive: true });
  await peopleStory();
  await serviceStory();
});
afterAll(async () => {
  if (!ready) return;
  client.destroy();
  await home.purge();
  for (const one of started) await one.done;
  expect(await leftOf(directory, home.instance())).toEqual([]);
  remove(directory);
});

const call = (method: string, path: string, options: CallOptions = {}): Promise<Answer> =>
  send(url, method, path, { client, ...options });
const asOperator = (method: string, path: string, body?: unknown) =>
  call(method, path, { headers: { authorization: `Bearer ${operator}` }, ...(body === undefined ? {} : { body }) });
const login = (body: unknown) => call('POST', '/v1/login', { body });

async function peopleStory(): Promise<void> {
  const password = 'planted-Password of Ana 1';
  const invited = await asOperator('POST', '/v1/people', { name: 'Ana Planted', role: 'administrator' });
  const token = String(invited.json.url).split('#')[1] ?? '';
  secrets.set('one-time link', token);
  const byLink = sessionOf('session of the link', await login({ token, name: 'Ana Planted' }));
  const session = sessionOf('session', await call('POST', '/v1/password', { headers: byLink, body: { password } }));
  secrets.set('password', password);
  const own = (path: string, body: unknown) => call('POST', path, { headers: session, body });

  const offer = (await own('/v1/totp', { password })).json;
  const raw = fromBase32(offer.secret);
  secrets.set('second factor', offer.secret);
  secrets.set('second factor, hex', raw.toString('hex'));
  secrets.set('second factor, base64', raw.toString('base64'));
  const confirmed = await own('/v1/totp/confirm', { code: codeAt(raw, stepAt(Date.now())) });
  const [first = '', second = '']: string[] = confirmed.json.recoveryCodes;
  secrets.set('recovery code', first);
  secrets.set('recovery code without dashes', first.replaceAll('-', ''));
  secrets.set('recovery code that was used', second.replaceAll('-', ''));
  sessionOf('session by recovery code', await login({ name: 'Ana Planted', password, code: second }));

  for (const wrong of [
    { name: 'Ana Planted', password: 'planted-Wrong password 1' },
    { name: 'Nobody', password: 'planted-Wrong password 2' },
    { name: 'planted-Password in the wrong field', password: 'x' },
    { name: 'Ana Planted', password: 'planted-Wrong password 3', code: 'planted-Wrong-code' },
  ])
    expect((await login(wrong)).status).toBe(401);
  for (const text of ['Wrong password 1', 'Wrong password 2', 'Password in the wrong field', 'Wrong-code'])
    secrets.set(`typed: ${text}`, `planted-${text}`);
  expect((await login({ name: 'x', password: { 'planted-Wrong shape': 1 } })).status).toBe(400);
  secrets.set('typed: Wrong shape', 'planted-Wrong shape');
  expect((await call('GET', '/v1/status?token=planted-Token-in-a-URL')).status).toBe(400);
  secrets.set('token in a URL', 'planted-Token-in-a-URL');
  expect(
    (await call('GET', '/v1/status', { headers: { authorization: 'Bearer planted-Wrong-bearer-token' } })).status,
  ).toBe(401);
  secrets.set('wrong bearer token', 'planted-Wrong-bearer-token');

  const made = await own('/v1/tokens', { name: 'robot', scopes: ['read'], ttlSeconds: 600 });
  secrets.set('API token', made.json.token);
  await call('GET', '/v1/status', { headers: { authorization: `Bearer ${made.json.token}` } });
  secrets.set('token of another host', (await own('/v1/enrolment-tokens', { host: 'other' })).json.token);
  const hosts = (await asOperator('GET', '/v1/hosts')).json.hosts;
  const code = await own(`/v1/hosts/${hosts[0].host}/glass-code`, {});
  expect(code.status, code.text).toBe(200);
  secrets.set('sealed code of this host', code.json.code);
  expect((await home.cli('backup', 'key', '--out', join(directory, 'recovery.key'))).status).toBe(0);
  secrets.set('recovery key', readFileSync(join(directory, 'recovery.key'), 'utf8').trim());
}

/** What passes the gateway: path and query are there to be read, credentials and bodies are not. */
async function serviceStory(): Promise<void> {
  const args = ['--service', 'shop', '--port', '8000', '--user', 'www-data', '--publish', '127.0.0.1:0'];
  const running = home.run(args, [python, 'talker.py', 'shop'], talker(directory));
  started.push(running);
  const base = await running.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
  await eventually(async () => ((await get(base)).status === 200 ? true : undefined));
  const headers = {
    authorization: 'Bearer planted-Header-of-a-customer',
    cookie: 'id=planted-Cookie-of-a-customer',
    'x-api-key': 'planted-Key-of-a-customer',
  };
  const answer = await fetch(`${base}/planted-path?token=planted-Query-of-a-customer`, { headers });
  expect(answer.status).toBe(200);
  for (const name of ['Header', 'Cookie', 'Key', 'Query'])
    secrets.set(`${name} of a request`, `planted-${name}-of-a-customer`);
  await eventually(async () => ((await database()).includes('planted-path') ? true : undefined));
}

function sessionOf(name: string, answer: Answer): Record<string, string> {
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  secrets.set(name, cookie.split('=')[1] ?? '');
  secrets.set(`${name}, CSRF value`, answer.json.csrf);
  return { cookie, 'x-csrf-token': answer.json.csrf };
}

describe('after people and services did all they do', () => {
  it('the story has secrets to look for', () => {
    expect(secrets.size).toBeGreaterThan(25);
    for (const [name, secret] of secrets) expect([name, secret.length > 9]).toEqual([name, true]);
  });

  it('no table of the database holds one of them', async () => {
    const rows = await database();
    expect(rows).toContain('Ana Planted');
    expect(rows).toContain('scrypt$');
    expect(found(rows)).toEqual([]);
  });

  it('no command line and no environment of a process of ours does', () => {
    const texts = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        const words = (commandLineOf(Number(pid)) ?? []).join(' ');
        return words.includes(directory) ? [`${words}\n${content(`/proc/${pid}/environ`)}`] : [];
      });
    expect(texts.length).toBeGreaterThan(5);
    expect(found(texts.join('\n'))).toEqual([]);
  });

  it('no file does, written or left behind, once all has ended and is on the disk', async () => {
    expect((await home.cli('down')).status).toBe(0);
    // What people hold themselves is theirs to keep: the operator's own token is a key in the registry.
    const keys = new Set(keyRegistry.flatMap(({ path }) => (path === null ? [] : [path])));
    const hits: string[] = [];
    let sawPeople = false;
    for (const folder of [home.data, home.runtime]) {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || path.includes('/program/')) continue;
        const text = content(path);
        sawPeople ||= text.includes('Ana Planted');
        const name = path.slice(directory.length + 1);
        for (const secret of found(text)) if (!keys.has(name.slice(2))) hits.push(`${secret}: ${name}`);
        expect([name, text.includes(operator) && !keys.has(name.slice(2))]).toEqual([name, false]);
      }
    }
    expect(sawPeople, 'the files of the database were read').toBe(true);
    expect(hits).toEqual([]);
  });
});

function found(text: string): string[] {
  return [...secrets].flatMap(([name, secret]) => (text.includes(secret) ? [name] : []));
}

function content(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // ended or gone meanwhile
  }
}

/** Every row of every table, read as the account of the control plane. */
async function database(): Promise<string> {
  const { database: connection } = JSON.parse(readFileSync(join(home.data, 'keys/control.json'), 'utf8'));
  const uid = accountNamed('tricordon')?.uid;
  const script = `
    const client = new pg.Client({ host: ${JSON.stringify(connection.directory)}, port: ${connection.port},
      user: ${JSON.stringify(connection.user)}, database: ${JSON.stringify(connection.database)} });
    await client.connect();
    const { rows } = await client.query("select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')");
    for (const { schemaname, tablename } of rows) {
      const { rows: all } = await client.query(\`select row_to_json(t)::text as row from "\${schemaname}"."\${tablename}" t\`);
      process.stdout.write(\`\${tablename}\\n\${all.map(({ row }) => row).join('\\n')}\\n\`);
    }
    await client.end();`;
  const { program } = JSON.parse(readFileSync(join(home.data, 'state.json'), 'utf8'));
  const done = await exec(program.nodePath, ['--input-type=module', '-e', `import pg from 'pg';${script}`], {
    cwd: program.programDir,
    maxBytes: 256 << 20,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
}
