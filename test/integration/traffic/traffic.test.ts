import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, connect } from 'node:net';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec, spawnProcess, systemClock } from '../../../src/base/index.js';
import { generateKeyPair, openCertificateAuthority } from '../../../src/identity/index.js';
import { serviceId } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { approved, contract, type House, openHouse, type PlaneProcess, trustDomain } from './house.js';

const it = await requires('python', 'openssl', 'curl');

const loopback = { address: '127.0.0.1', port: 0 };
/** No two pages of it are alike, so that memory used twice shows. */
const large = randomBytes(5_000_000);
let house: House;
let shop: PlaneProcess;
let stock: PlaneProcess;
let echo: PlaneProcess;
let gateway: PlaneProcess;
let publicUrl = '';
let shopOut: { stock: number; echo: number };
let stockEndpoint: { address: string; port: number };
const cleanups: (() => void)[] = [];

/** A web server of Python's standard library: HTTP/1.0, closes after every answer. */
async function pythonServer(folder: string): Promise<number> {
  const script = join(folder, 'web.py');
  writeFileSync(
    script,
    [
      'import http.server, sys',
      'server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)',
      'print(server.server_address[1], flush=True)',
      'server.serve_forever()',
    ].join('\n'),
  );
  const child = spawnProcess('python3', [script], { cwd: join(folder, 'www'), stdio: ['ignore', 'pipe', 'ignore'] });
  cleanups.push(() => child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('no stdout');
  const [line] = await once(child.stdout, 'data');
  return Number(String(line).trim());
}

beforeAll(async () => {
  house = await openHouse();
  mkdirSync(join(house.folder, 'www'));
  writeFileSync(join(house.folder, 'www', 'items.json'), '{"items":[1,2,3]}');
  writeFileSync(join(house.folder, 'www', 'large.bin'), large);
  const web = await pythonServer(house.folder);
  const raw = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  cleanups.push(() => raw.close());
  const rawPort = (raw.address() as AddressInfo).port; // a TCP listener's address

  stock = house.plane('stock');
  echo = house.plane('echo');
  shop = house.plane('shop');
  gateway = house.plane('gateway');
  for (const plane of [stock, echo, shop, gateway]) await plane.connect();
  const common = { host: 'host-a', identity: null, workload: null };
  const sidecar = (service: string, port: number) => ({
    type: 'configure' as const,
    role: 'sidecar' as const,
    ...common,
    service,
    workload: `${service}-host-a-00000001`,
    identity: serviceId(trustDomain, service),
    inbound: { listen: loopback, target: { kind: 'address' as const, address: '127.0.0.1', port } },
  });
  const stockAt = await stock.ask(sidecar('stock', web), 'listening');
  const echoAt = await echo.ask(sidecar('echo', rawPort), 'listening');
  if (stockAt.inbound === null || echoAt.inbound === null) throw new Error('not listening');
  stockEndpoint = stockAt.inbound;
  house.endpoints.set('stock', [stockAt.inbound]);
  house.endpoints.set('echo', [echoAt.inbound]);

  // The shop's own workload is the same web server; what matters here is what it may call.
  const shopAt = await shop.ask(
    {
      ...sidecar('shop', web),
      outbound: {
        captured: false,
        routes: [
          { service: 'stock', host: 'stock.shop', port: web, listen: loopback },
          { service: 'echo', host: 'echo.shop', port: rawPort, listen: loopback },
        ],
      },
    },
    'listening',
  );
  if (shopAt.inbound === null) throw new Error('not listening');
  house.endpoints.set('shop', [shopAt.inbound]);
  const out = (service: string) => shopAt.routes.find((route) => route.service === service)?.listen.port ?? 0;
  shopOut = { stock: out('stock'), echo: out('echo') };
  const gatewayAt = await gateway.ask(
    {
      type: 'configure',
      role: 'gateway',
      ...common,
      service: 'gateway',
      publishes: [{ listen: loopback, service: 'shop' }],
    },
    'listening',
  );
  publicUrl = `http://127.0.0.1:${gatewayAt.publishes[0]?.listen.port}`;

  house.contracts.set(
    'shop',
    approved(
      contract('shop', 'enforce', {
        network: {
          ingress: [{ id: 'in-public', from: { builtin: 'public' }, ports: [`tcp/${web}`] }],
          egress: [
            { id: 'out-stock', to: { service: 'stock' }, ports: [`tcp/${web}`] },
            { id: 'out-echo', to: { service: 'echo' }, ports: [`tcp/${rawPort}`] },
          ],
        },
        api: {
          serves: [{ id: 'items', methods: ['GET', 'HEAD'], path: '/{file}', from: [{ builtin: 'public' }] }],
          calls: [
            { id: 'stock-items', to: { service: 'stock' }, methods: ['GET'], path: '/{file}' },
            { id: 'stock-post', to: { service: 'stock' }, methods: ['POST'], path: '/{file}' },
          ],
        },
      }),
    ),
  );
  house.contracts.set(
    'stock',
    approved(
      contract('stock', 'enforce', {
        network: { ingress: [{ id: 'in-shop', from: { service: 'shop' }, ports: [`tcp/${web}`] }] },
        api: { serves: [{ id: 'items', methods: ['GET'], path: '/items.json', from: [{ service: 'shop' }] }] },
      }),
    ),
  );
  house.contracts.set(
    'echo',
    approved(
      contract('echo', 'enforce', {
        network: { ingress: [{ id: 'in-shop', from: { service: 'shop' }, ports: [`tcp/${rawPort}`] }] },
      }),
    ),
  );
  for (const [plane, service] of [
    [stock, 'stock'],
    [echo, 'echo'],
    [shop, 'shop'],
    [gateway, 'gateway'],
  ] as const) {
    house.identify(plane, service);
  }
  await house.publish();
});

afterAll(async () => {
  for (const cleanup of cleanups) cleanup();
  await house.close();
});

async function curl(...args: string[]): Promise<{ status: number; body: string }> {
  const result = await exec('curl', ['-sS', '--max-time', '20', '-w', '\n%{http_code}', ...args]);
  const at = result.stdout.lastIndexOf('\n');
  return { status: Number(result.stdout.slice(at + 1)), body: result.stdout.slice(0, at) };
}

describe('three sidecars and a gateway', () => {
  it('bring a public request to a server of Python that knows nothing of us', async () => {
    const answer = await curl(`${publicUrl}/items.json`);
    expect(answer).toEqual({ status: 200, body: '{"items":[1,2,3]}' });
    const seen = await shop.observed((o) => o.event.kind === 'request' && o.event.path === '/items.json');
    const sent = await gateway.observed((o) => o.event.kind === 'request' && o.event.path === '/items.json');
    expect(seen.join.trace).toBe(sent.join.trace);
    expect(seen.join.caller).toBe(serviceId(trustDomain, 'gateway'));
    expect(seen.event).toMatchObject({
      peer: 'gateway',
      status: 200,
      template: '/{file}',
      verdict: { clause: 'items' },
    });
    expect(seen.join.socket?.local.address).toBe('127.0.0.1');
  });

  it('carry large answers and streams unchanged', async () => {
    const expected = createHash('sha256').update(large).digest('hex');
    const copies = await Promise.all(
      [1, 2, 3].map(async (copy) => {
        const file = join(house.folder, `copy-${copy}`);
        await exec('curl', ['-sS', '--max-time', '60', '-o', file, `${publicUrl}/large.bin`]);
        return createHash('sha256').update(readFileSync(file)).digest('hex');
      }),
    );
    expect(copies).toEqual([expected, expected, expected]);
    const socket = connect(shopOut.echo, '127.0.0.1');
    const hash = createHash('sha256');
    socket.on('data', (chunk: Buffer) => hash.update(chunk));
    socket.end(Buffer.concat([Buffer.from([0]), large]));
    await once(socket, 'close');
    expect(hash.digest('hex')).toBe(
      createHash('sha256')
        .update(Buffer.from([0]))
        .update(large)
        .digest('hex'),
    );
  });

  it('refuse what the contract does not list, with a decision id and nothing else', async () => {
    const answer = await curl('-X', 'POST', '-d', 'x=1', `${publicUrl}/items.json`);
    expect(answer.status).toBe(403);
    expect(Object.keys(JSON.parse(answer.body)).sort()).toEqual(['decision', 'status', 'title', 'type']);
    const seen = await shop.observed((o) => o.event.kind === 'request' && o.event.method === 'POST');
    expect(seen.event).toMatchObject({ verdict: { effect: 'deny', decisionId: JSON.parse(answer.body).decision } });
  });

  it('decide on the canonical path', async () => {
    expect((await curl('--path-as-is', `${publicUrl}/x/../items.json`)).status).toBe(400);
    expect((await curl(`${publicUrl}/%69tems.json`)).status).toBe(200);
    expect((await curl(`${publicUrl}/a%2fitems.json`)).status).toBe(400);
  });

  it('carry a call between services, decided on both sides', async () => {
    expect(await curl(`http://127.0.0.1:${shopOut.stock}/items.json`)).toMatchObject({ status: 200 });
    const out = await shop.observed((o) => o.event.kind === 'request' && o.event.direction === 'out');
    expect(out.event).toMatchObject({ peer: 'stock', verdict: { clause: 'stock-items' } });
    await stock.observed((o) => o.event.kind === 'request' && o.event.peer === 'shop' && o.event.status === 200);
    // Allowed by the caller's contract, refused by the callee's.
    expect((await curl('-X', 'POST', '-d', 'x', `http://127.0.0.1:${shopOut.stock}/items.json`)).status).toBe(403);
    const refused = await stock.observed((o) => o.event.kind === 'request' && o.event.method === 'POST');
    expect(refused.join.caller).toBe(serviceId(trustDomain, 'shop'));
  });

  it('splice opaque bytes where the API layer is unmanaged', async () => {
    const socket = connect(shopOut.echo, '127.0.0.1');
    socket.write('\u0000\u0001raw');
    const [chunk] = await once(socket, 'data');
    expect(chunk.toString('latin1')).toBe('\u0000\u0001raw');
    socket.end();
    await once(socket, 'close');
    const seen = await echo.observed((o) => o.event.kind === 'flow' && o.event.bytesIn === 5);
    expect(seen.event).toMatchObject({ peer: 'shop', mtls: true, bytesIn: 5, bytesOut: 5 });
  });

  it('refuse opaque bytes toward operations that are enforced', async () => {
    const socket = connect(shopOut.stock, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('\u0000not http');
    await once(socket, 'close');
    const seen = await stock.observed((o) => o.event.kind === 'flow' && o.event.verdict.effect === 'deny');
    expect(seen.event).toMatchObject({ verdict: { reason: 'method' } });
  });

  it('send a thief away: no certificate, a foreign one, one of the house that is not listed', async () => {
    const sClient = (...args: string[]) =>
      exec(
        'openssl',
        ['s_client', '-connect', `127.0.0.1:${stockEndpoint.port}`, '-alpn', 'tricordon-http/1', '-quiet', ...args],
        { input: 'GET /items.json HTTP/1.1\r\nHost: stock\r\n\r\n', timeoutMs: 20_000 },
      );
    const none = await sClient();
    expect(none.stdout).not.toContain('items');
    await stock.observed((o) => o.event.kind === 'flow' && o.event.verdict.reason === 'no-identity');

    const foreign = await openCertificateAuthority({
      directory: join(house.folder, 'thief'),
      trustDomain,
      clock: systemClock,
    });
    const keys = generateKeyPair();
    const forged = foreign.issueSvid({ id: serviceId(trustDomain, 'shop'), publicKey: keys.publicKeyPem });
    const present = (name: string, chain: readonly string[], key: string): string[] => {
      const base = join(house.folder, name);
      writeFileSync(`${base}.pem`, chain.join(''));
      writeFileSync(`${base}.key`, key);
      return ['-cert', `${base}.pem`, '-cert_chain', `${base}.pem`, '-key', `${base}.key`];
    };
    const stolen = await sClient(...present('forged', forged.chainPem, keys.privateKeyPem));
    expect(stolen.stdout).not.toContain('items');
    await stock.observed((o) => o.event.kind === 'flow' && o.event.verdict.reason === 'wrong-trust-domain');

    const other = house.ca.issueSvid({ id: serviceId(trustDomain, 'echo'), publicKey: keys.publicKeyPem });
    const unlisted = await sClient(...present('echo', other.chainPem, keys.privateKeyPem));
    expect(unlisted.stdout).not.toContain('items');
    const seen = await stock.observed((o) => o.event.kind === 'flow' && o.event.peer === 'echo');
    expect(seen.event).toMatchObject({ verdict: { effect: 'deny', reason: 'peer-not-listed' } });
  });

  it('refuse a server that is somebody else', async () => {
    const [right] = house.endpoints.get('stock') ?? [];
    house.endpoints.set('stock', house.endpoints.get('echo') ?? []);
    await house.publish();
    expect((await curl(`http://127.0.0.1:${shopOut.stock}/items.json?again`)).status).toBe(502);
    if (right !== undefined) house.endpoints.set('stock', [right]);
    await house.publish();
    expect((await curl(`http://127.0.0.1:${shopOut.stock}/items.json`)).status).toBe(200);
  });

  it('go on with a new identity without a restart', async () => {
    house.identify(shop, 'shop');
    house.identify(stock, 'stock');
    expect((await curl(`http://127.0.0.1:${shopOut.stock}/items.json`)).status).toBe(200);
  });

  it('end a connection with the certificate that was proved on it', async () => {
    house.identify(shop, 'shop', 2_500);
    await shop.ask({ type: 'status' }, 'status');
    const socket = connect(shopOut.echo, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('\u0000');
    await once(socket, 'data');
    // Nobody says anything more: the callee ends it by itself.
    await once(socket, 'close');
    house.identify(shop, 'shop');
    await shop.ask({ type: 'status' }, 'status');
    expect((await curl(`http://127.0.0.1:${shopOut.stock}/items.json`)).status).toBe(200);
  });

  it('cut off an isolated service, and live connections of a withdrawn identity', async () => {
    const socket = connect(shopOut.echo, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('\u0000');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    house.revoked.push(serviceId(trustDomain, 'shop'));
    await house.publish();
    await closed;
    house.revoked.length = 0;
    house.isolated.push('shop');
    await house.publish();
    expect((await curl(`${publicUrl}/items.json`)).status).toBe(403);
    house.isolated.length = 0;
    await house.publish();
    expect((await curl(`${publicUrl}/items.json`)).status).toBe(200);
  });

  it('keep what nobody acknowledged, and say it again to the next agent', async () => {
    stock.acknowledges = false;
    await curl(`http://127.0.0.1:${shopOut.stock}/items.json?once`);
    const before = await stock.ask({ type: 'status' }, 'status');
    expect(before.buffered).toBeGreaterThan(0);
    stock.disconnect();
    const kept = stock.observations.length;
    await curl(`http://127.0.0.1:${shopOut.stock}/items.json?twice`);
    stock.acknowledges = true;
    await stock.connect();
    await stock.observed((o) => stock.observations.indexOf(o) >= kept && o.event.kind === 'request');
    const after = await stock.ask({ type: 'status' }, 'status');
    expect(after.lost).toBe(0);
  });

  it('refuse everything without a contract', async () => {
    const kept = house.contracts.get('stock');
    house.contracts.delete('stock');
    await house.publish();
    expect((await curl(`http://127.0.0.1:${shopOut.stock}/items.json`)).status).toBe(502);
    await stock.observed((o) => o.event.kind === 'flow' && o.event.verdict.reason === 'no-contract');
    if (kept !== undefined) house.contracts.set('stock', kept);
    await house.publish();
    expect((await curl(`http://127.0.0.1:${shopOut.stock}/items.json`)).status).toBe(200);
  });
});
