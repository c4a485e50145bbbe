/** The control plane under its own contract: held by a second Tricordon on all layers, for a whole story and against itself. */
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { silent, systemClock } from '../../../src/base/index.js';
import type { Observation } from '../../../src/model/index.js';
import { discoverCluster, type RunningCluster, startCluster, stopCluster } from '../../../src/store/index.js';
import { requires } from '../../requires.js';
import { asRoot, eventually, get, type House, house, leftOf, remove, roomy, type Running } from '../house/support.js';
import { type Answer, send } from '../server/harness.js';
import { account, committed, expectNothingPlanted, expectUnheld, plantProgram, refused, said } from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'landlock');
const ready = process.getuid?.() === 0 && it !== it.skip;
const service = 'tricordon-control';

let directory = '';
let inner = '';
let home: House;
let cluster: RunningCluster;
let control: Running;
let base = '';
let outer: (method: string, path: string, body?: unknown) => Promise<Answer>;
let client: Agent;
const started: Running[] = [];

beforeAll(async () => {
  if (!ready) return;
  directory = roomy();
  inner = join(directory, 'self');
  mkdirSync(inner);
  for (const folder of ['keys', 'keys/ca', 'evidence']) {
    mkdirSync(join(inner, folder), { mode: folder === 'keys/ca' ? 0o700 : 0o755 });
    chownSync(join(inner, folder), account.uid, account.gid);
  }
  await plantProgram(inner, account);
  const options = {
    dataDir: join(inner, 'db'),
    runtimeDir: join(inner, 'r'),
    clock: systemClock,
    log: silent,
    account,
  };
  cluster = await startCluster(await discoverCluster(options), options);
  writeFileSync(join(inner, 'keys/control.json'), JSON.stringify(settings()), { mode: 0o644 });

  home = house(asRoot(), directory);
  started.push(await home.up(account.name));
  const access = JSON.parse(readFileSync(join(home.data, 'token'), 'utf8'));
  client = new Agent({ ca: access.ca });
  outer = (method, path, body) =>
    send(access.url, method, path, {
      client,
      headers: { authorization: `Bearer ${access.token}` },
      ...(body === undefined ? {} : { body }),
    });
  await hold(service, committed('control.yaml', inner));
  control = await run();
  base = await people();
});
afterAll(async () => {
  if (!ready) return;
  client.destroy();
  await home.purge();
  for (const one of started) await one.done;
  await stopCluster(join(inner, 'db'));
  expect(await leftOf(directory, home.instance())).toEqual([]);
  remove(directory);
});

function settings(): object {
  return {
    schemaVersion: 1,
    instance: 'inner',
    trustDomain: 'inner.local',
    keysDir: join(inner, 'keys/ca'),
    evidenceDir: join(inner, 'evidence'),
    consoleDir: join(inner, 'program/dist/ui'),
    database: cluster.connection,
    console: { address: '127.0.0.1', port: 8443 },
    agents: { address: '127.0.0.1', port: 8444 },
    accessFile: join(inner, 'keys/access.json'),
  };
}

async function hold(name: string, text: string): Promise<void> {
  const registered = await outer('POST', '/v1/services', { service: name });
  expect(registered.status, registered.text).toBe(200);
  const { json } = await outer('POST', `/v1/contracts/${name}/propose`, { text });
  const { version, digest } = json.version;
  const approved = await outer('POST', `/v1/contracts/${name}/approve`, { version, digest });
  expect(approved.status, approved.text).toBe(200);
}

async function run(): Promise<Running> {
  const { program, config } = { program: join(inner, 'program'), config: join(inner, 'keys/control.json') };
  const args = ['--service', service, '--port', '8443', '--user', account.name, '--code', join(program, 'dist')];
  const intruder = ['--import', join(program, 'dist/intruder.mjs')];
  const words = [process.execPath, ...intruder, join(program, 'dist/server/main.js'), '--config', config];
  const running = home.run(args, words, inner);
  started.push(running);
  return running.until((out) => (out.includes('"ready":true') ? running : undefined));
}

/** A service in front of the control plane, which has an identity and passes on what people ask. */
async function people(): Promise<string> {
  const folder = join(directory, 'people');
  mkdirSync(folder);
  copyFileSync(join(import.meta.dirname, 'forwarder.mjs'), join(folder, 'forwarder.mjs'));
  chmodSync(folder, 0o755);
  const args = ['--service', 'tricordon-people', '--port', '8000', '--publish', '127.0.0.1:0', '--user', account.name];
  const words = [process.execPath, 'forwarder.mjs', '8000', 'control.self:8443'];
  const running = home.run([...args, '--calls', `${service}=control.self:8443`], words, folder);
  started.push(running);
  return running.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
}

/** All that the outer installation saw of the inner control plane, from the beginning. */
async function seen(layer: string): Promise<Observation[]> {
  const all: Observation[] = [];
  for (let cursor = '0.0'; ; ) {
    const page = (await outer('GET', `/v1/observations?service=${service}&layer=${layer}&limit=1000&after=${cursor}`))
      .json;
    if (page.observations.length === 0) return all;
    all.push(...page.observations);
    cursor = page.cursor;
  }
}

describe('the control plane under its own contract', () => {
  it('does all its work, and nothing of it is refused', async () => {
    await eventually(async () => ((await get(`${base}/healthz`)).status === 200 ? true : undefined));
    const token = JSON.parse(readFileSync(join(inner, 'keys/access.json'), 'utf8')).token;
    const call = async (
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Response> => {
      const auth = headers['cookie'] === undefined ? { authorization: `Bearer ${token}` } : headers;
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: { ...auth, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(answer.status, `${method} ${path}`).toBe(200);
      return answer;
    };
    const json = async (answer: Promise<Response>) => JSON.parse(await (await answer).text());
    expect(await (await call('GET', '/')).text()).toContain('<div id="root">');
    const invited = await json(call('POST', '/v1/people', { name: 'Ana', role: 'administrator' }));
    const opened = await call('POST', '/v1/login', { token: invited.url.split('#')[1], name: 'Ana' });
    const session = {
      cookie: opened.headers.getSetCookie()[0]?.split(';')[0] ?? '',
      'x-csrf-token': JSON.parse(await opened.text()).csrf,
    };
    const path = '/v1/contracts/web';
    await call('POST', '/v1/services', { service: 'web' }, session);
    const text = `apiVersion: tricordon/v1\nkind: Contract\nservice: web\nmode: { runtime: audit, network: audit, api: audit }\n`;
    const { version } = await json(call('POST', `${path}/propose`, { text }, session));
    await call('POST', `${path}/approve`, { version: version.version, digest: version.digest }, session);
    await call('POST', '/v1/enrolment-tokens', { host: 'one' }, session);
    await call('POST', '/v1/tokens', { name: 'own', scopes: ['read'], ttlSeconds: 600 }, session);
    await call('POST', '/v1/password', { password: 'a long enough phrase' }, session);
    expect(await json(call('GET', '/v1/audit/verify'))).toMatchObject({ ok: true });

    // The head of its trail is written every two seconds: when one written after all of this is seen, so is the rest.
    const done = systemClock.now();
    await eventually(async () =>
      (await seen('runtime')).some(
        ({ at, event }) => at > done && event.kind === 'open' && event.path.endsWith('audit-checkpoint.json.new'),
      )
        ? true
        : undefined,
    );
    expect((await seen('network')).length).toBeGreaterThan(0);
    expect((await seen('runtime')).length).toBeGreaterThan(300);
    expect((await seen('runtime')).filter(({ event }) => 'refused' in event && event.refused === true)).toEqual([]);
    expect(
      (await seen('network')).filter(({ event }) => event.kind === 'flow' && event.verdict.effect !== 'allow'),
    ).toEqual([]);
    expect((await outer('GET', '/v1/incidents')).json.incidents).toEqual([]);
  });

  it('is refused what a stranger in its own process tries, and each attempt is seen', async () => {
    await expectUnheld(inner, account);
    control.child.kill('SIGUSR2');
    const tried = await control.until(said('tried'));
    expect(tried).toEqual(refused);
    expect(await control.until(said('dialled'))).not.toContain('HTTP/1.1 2');
    expectNothingPlanted(inner);

    await eventually(async () => {
      const paths = (await seen('runtime')).flatMap(({ event }) =>
        'refused' in event && event.refused === true && 'path' in event ? [event.path] : [],
      );
      const wanted = ['/bin/sh', 'other/secret', 'other/planted', 'dist/planted.js'];
      return wanted.every((end) => paths.some((path) => path.endsWith(end))) ? true : undefined;
    });
    await eventually(async () =>
      (await seen('network')).some(
        ({ event }) => event.kind === 'flow' && event.address === '192.0.2.1' && event.verdict.effect === 'deny',
      )
        ? true
        : undefined,
    );
    // It goes on with its work, and one incident tells the story.
    expect((await get(`${base}/healthz`)).status).toBe(200);
    const { incidents } = (await outer('GET', '/v1/incidents')).json;
    expect(incidents.length).toBeGreaterThan(0);
  });
});
