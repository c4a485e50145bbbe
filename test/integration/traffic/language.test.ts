/** What the contract language says beyond names and paths, held by real data plane processes. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseKeySet } from '../../../src/identity/index.js';
import { Bound, type Contract, type Observation, serviceId } from '../../../src/model/index.js';
import { approved, contract, type House, openHouse, type PlaneProcess, trustDomain } from './house.js';

const loopback = { address: '127.0.0.1', port: 0 };
const issuer = 'https://idp.example';
let house: House;
let shop: PlaneProcess;
let stock: PlaneProcess;
let ports: { web: number; echo: number };
let out: { web: number; echo: number };
const cleanups: (() => void)[] = [];

beforeAll(async () => {
  house = await openHouse();
  const web = createHttpServer((_, response) => response.end('stock'));
  web.listen(0, '127.0.0.1');
  const echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await Promise.all([once(web, 'listening'), once(echo, 'listening')]);
  cleanups.push(
    () => web.close(),
    () => echo.close(),
  );
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port; // TCP listeners
  ports = { web: portOf(web), echo: portOf(echo) };
  [stock, shop] = [house.plane('stock'), house.plane('shop')];
  const queue = house.plane('queue');
  for (const plane of [stock, shop, queue]) await plane.connect();
  const sidecar = (service: string, port: number) => ({
    type: 'configure' as const,
    role: 'sidecar' as const,
    host: 'host-a',
    service,
    workload: `${service}-host-a-00000001`,
    identity: serviceId(trustDomain, service),
    inbound: { listen: loopback, target: { kind: 'address' as const, address: '127.0.0.1', port } },
  });
  for (const [plane, service, port] of [
    [stock, 'stock', ports.web],
    [queue, 'queue', ports.echo],
  ] as const) {
    const at = await plane.ask(sidecar(service, port), 'listening');
    if (at.inbound === null) throw new Error('not listening');
    house.endpoints.set(service, [at.inbound]);
    house.identify(plane, service);
  }
  const routes = [
    { service: 'stock', host: 'stock.shop', port: ports.web, listen: loopback },
    { service: 'queue', host: 'queue.shop', port: ports.echo, listen: loopback },
  ];
  const at = await shop.ask({ ...sidecar('shop', ports.web), outbound: { captured: false, routes } }, 'listening');
  const listening = (service: string) => at.routes.find((route) => route.service === service)?.listen.port ?? 0;
  out = { web: listening('stock'), echo: listening('queue') };
  house.identify(shop, 'shop', undefined, { environment: 'test' });
});

afterAll(async () => {
  await house.close();
  for (const end of cleanups) end();
});

type Serve = NonNullable<NonNullable<Contract['api']>['serves']>[number];
const items: Serve = { id: 'items', methods: ['GET'], path: '/items/{id}', from: [{ service: 'shop' }] };
const free: Partial<Contract> = {};

/** Only the callee's side is of interest: the caller's contract manages nothing. */
async function serving(serve: Partial<Serve>, mode: Contract['mode']['api'] = 'enforce', more: Partial<Contract> = {}) {
  house.contracts.set('shop', approved(contract('shop', 'enforce', free)));
  house.contracts.set(
    'stock',
    approved(contract('stock', mode, { api: { serves: [{ ...items, ...serve }] }, ...more })),
  );
  await house.publish();
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly seen: () => Promise<Observation>;
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const trace = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  const asked = request({ host: '127.0.0.1', port: out.web, path, headers: { ...headers, traceparent } });
  asked.end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  await once(answer, 'end');
  const ours = (one: Observation) => one.event.kind === 'request' && one.join.trace === trace;
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], seen: () => stock.observed(ours) };
}

async function verdictOf(answer: Answer) {
  const { event } = await answer.seen();
  if (event.kind !== 'request') throw new Error('no request');
  return event.verdict;
}

function idp() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [...parseKeySet(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1' }] }))];
  return { keys, bearer: (claims: object) => ({ authorization: `Bearer ${token(privateKey, claims)}` }) };
}

function token(key: KeyObject, claims: object): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const text = `${part({ alg: 'ES256', kid: '1' })}.${part({ iss: issuer, aud: 'stock', exp, ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

test('attributes of the caller count as its certificate says them, from its next certificate on', async () => {
  await serving({ from: [{ service: 'shop', match: { environment: 'prod' } }] });
  const refused = await get('/items/1');
  expect(refused.status).toBe(403);
  expect(await verdictOf(refused)).toMatchObject({
    effect: 'deny',
    reason: 'attribute',
    mode: 'enforce',
    attributes: { environment: 'test', service: 'shop', 'trust-domain': trustDomain },
    nearest: expect.stringContaining('caller.environment: wanted prod, got test'),
  });
  house.identify(shop, 'shop', undefined, { environment: 'prod', service: 'stock' });
  expect((await get('/items/1')).status).toBe(200);
});

test('users count by their tokens: whose, for whom, until when, and with which claims', async () => {
  const provider = idp();
  await serving({ user: { issuer, claims: { scope: { contains: 'stock:read' } } } });
  const ada = provider.bearer({ sub: 'ada', scope: 'openid stock:read' });
  const got = async (headers: Record<string, string>) => {
    const { effect, reason, nearest } = await verdictOf(await get('/items/1', headers));
    return [effect, reason, nearest];
  };
  expect((await got(ada))[1]).toBe('claim-missing');
  house.users.push({ issuer, audiences: ['stock'], keys: provider.keys });
  await house.publish();
  expect(await got(ada)).toEqual(['allow', 'allowed', undefined]);
  // Of what passed only what the contract asks for is kept.
  expect((await verdictOf(await get('/items/1', ada))).claims).toEqual({ iss: issuer, scope: 'openid stock:read' });
  expect((await got({}))[2]).toContain('user: wanted a verified user, got none');
  expect((await got(provider.bearer({ scope: 'openid' })))[1]).toBe('claim-value');
  expect((await got(provider.bearer({ scope: 'stock:read', exp: 1 })))[2]).toContain('a token that has expired');
  expect((await got(idp().bearer({ scope: 'stock:read' })))[2]).toContain('a signature that is not good');
  expect((await got(provider.bearer({ scope: 'stock:read', aud: 'orders' })))[2]).toContain('is for others');
  house.users.splice(0, 1, { issuer, audiences: ['stock'], keys: idp().keys });
  await house.publish();
  expect((await got(ada))[0]).toBe('deny');
});

test('a condition sees path, user and caller together', async () => {
  const provider = idp();
  house.users.splice(0, 1, { issuer, audiences: ['stock'], keys: provider.keys });
  await serving({
    path: '/tenants/{tenant}/items',
    where: 'user.tenant == request.params.tenant && caller.service == "shop" && request.host == "stock.shop"',
  });
  const headers = { ...provider.bearer({ tenant: 'a' }), host: 'Stock.shop:80' };
  expect((await get('/tenants/a/items', headers)).status).toBe(200);
  expect((await get('/tenants/b/items', headers)).status).toBe(403);
  expect((await get('/tenants/a/items', { ...headers, host: 'other' })).status).toBe(403);
  expect((await get('/tenants/a/items', { host: 'stock.shop' })).status).toBe(403);
});

test('a rate is counted for each of its keys, and answered with when to come again', async () => {
  const provider = idp();
  house.users.splice(0, 1, { issuer, audiences: ['stock'], keys: provider.keys });
  await serving({ user: {}, rate: { requests: 2, per: '1h', key: ['user.sub'] } });
  const [ada, ben] = [provider.bearer({ sub: 'ada' }), provider.bearer({ sub: 'ben' })];
  expect([(await get('/items/1', ada)).status, (await get('/items/2', ada)).status]).toEqual([200, 200]);
  const beyond = await get('/items/3', ada);
  expect([beyond.status, beyond.retryAfter]).toEqual([429, '1800']);
  expect(await verdictOf(beyond)).toMatchObject({ effect: 'deny', reason: 'rate', clause: 'items' });
  expect((await get('/items/1', ben)).status).toBe(200);
  // Another version of the contract forgives nothing.
  await serving({ user: {}, rate: { requests: 2, per: '1h', key: ['user.sub'] }, methods: ['GET', 'HEAD'] });
  expect((await get('/items/3', ada)).status).toBe(429);
  await serving({ rate: { requests: 1, per: '1h' } }, 'audit');
  expect([(await get('/items/1')).status, (await get('/items/1')).status]).toEqual([200, 200]);
});

test('a clause in audit tells, one that has ended is gone, also from connections that are open', async () => {
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
  await serving({ mode: 'audit', until: soon(3_600_000) });
  const audited = await get('/items/1');
  expect([audited.status, (await verdictOf(audited)).effect]).toEqual([200, 'would-deny']);
  await serving({ until: '2026-01-01' });
  const over = await get('/items/1');
  expect([over.status, (await verdictOf(over)).reason]).toEqual([403, 'clause-expired']);

  const end = soon(2_500);
  const egress = [{ id: 'queue', to: { service: 'queue' }, ports: [`tcp/${ports.echo}`], until: end }];
  house.contracts.set('shop', approved(contract('shop', 'enforce', { network: { egress } })));
  house.contracts.set('queue', approved(contract('queue', 'enforce', free)));
  await house.publish();
  const open = connect(out.echo, '127.0.0.1');
  open.on('error', () => {});
  // Cut or ended: events, not `once`, which takes a reset for a failure of the test.
  const closed = new Promise((resolve) => open.on('close', resolve));
  open.write('still here');
  await once(open, 'data');
  await closed;
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(end) - 5);
});

test('a port that says it speaks no HTTP takes bytes that are none, beside operations that are enforced', async () => {
  house.contracts.set('shop', approved(contract('shop', 'enforce', free)));
  const queue = (protocol: 'http' | 'tcp') =>
    contract('queue', 'enforce', { api: { serves: [], listeners: [{ port: `tcp/${ports.echo}`, protocol }] } });
  const echoed = async () => {
    const socket = connect(out.echo, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('\x00\x01bytes');
    const answer = await Promise.race([once(socket, 'data').then(String), once(socket, 'close').then(() => 'closed')]);
    socket.destroy();
    return answer;
  };
  house.contracts.set('queue', approved(queue('http')));
  await house.publish();
  expect(await echoed()).toBe('closed');
  house.contracts.set('queue', approved(queue('tcp')));
  await house.publish();
  expect(await echoed()).toBe('\x00\x01bytes');
});

test('what a bound does not allow does not pass, from the moment it is in force and until it is taken away', async () => {
  await serving({});
  expect((await get('/items/1')).status).toBe(200);
  const bound = Bound.parse({
    apiVersion: 'tricordon/v1',
    kind: 'Bound',
    name: 'readers',
    api: { serves: [{ id: 'own', methods: ['GET'], path: '/items/{id:int}', from: [{ builtin: 'any-identity' }] }] },
  });
  house.bounds.push({ bound, services: ['stock', 'other'] });
  await house.publish();
  expect((await get('/items/1')).status).toBe(200);
  const refused = await get('/items/one');
  expect([refused.status, await verdictOf(refused)]).toMatchObject([403, { reason: 'bound', effect: 'deny' }]);
  house.bounds.splice(0, 1, { bound, services: ['other'] });
  await house.publish();
  expect((await get('/items/one')).status).toBe(200);
});

test('a version decides beside the one in force, or for its share in its place, and both answers are recorded', async () => {
  await serving({});
  const narrow = { api: { serves: [{ ...items, path: '/items/{id:int}' }] } };
  const candidate = {
    ...approved(contract('stock', 'enforce', narrow)),
    version: 9,
    state: 'proposed' as const,
  };
  const held = house.contracts.get('stock')?.version;
  house.rollouts.push({ candidate, stage: { percent: 0 } });
  await house.publish();
  const shadowed = await get('/items/one');
  expect([shadowed.status, await verdictOf(shadowed)]).toMatchObject([
    200,
    { effect: 'allow', version: held, shadow: { version: 9, effect: 'deny', clause: null, reason: 'path' } },
  ]);
  expect(await verdictOf(await get('/items/1'))).toMatchObject({
    effect: 'allow',
    shadow: { version: 9, effect: 'allow', clause: 'items' },
  });
  const refused = await get('/other');
  expect([refused.status, await verdictOf(refused)]).toMatchObject([403, { version: held, shadow: { version: 9 } }]);

  house.rollouts.splice(0, 1, { candidate, stage: { percent: 50 } });
  await house.publish();
  const statuses: number[] = [];
  for (let count = 0; count < 10; count += 1) statuses.push((await get('/items/one')).status);
  expect(statuses.filter((status) => status === 403)).toHaveLength(5);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);

  // Only where the replica's own identity says so; attributes come with its next certificate.
  house.rollouts.splice(0, 1, { candidate, stage: { percent: 100, on: { zone: 'b' } } });
  await house.publish();
  expect((await get('/items/one')).status).toBe(200);
  house.identify(stock, 'stock', undefined, { zone: 'b' });
  await house.publish();
  const elsewhere = await get('/items/one');
  expect([elsewhere.status, await verdictOf(elsewhere)]).toMatchObject([
    403,
    { version: 9, reason: 'path', shadow: { version: held, effect: 'allow' } },
  ]);
  house.rollouts.splice(0, 1);
  await house.publish();
  expect((await get('/items/one')).status).toBe(200);
});
