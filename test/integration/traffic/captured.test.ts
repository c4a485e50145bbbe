import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { spawnPlane, stopPlane } from '../../../src/agent/confine/index.js';
import { environment, exec, spawnProcess } from '../../../src/base/index.js';
import { serviceId } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { approved, contract, type House, openHouse, type PlaneProcess, trustDomain } from './house.js';

const needed = ['root', 'nftables', 'iproute2', 'python', 'curl'] as const;
const it = await requires(...needed);
const usable = process.getuid?.() === 0;

const namespace = `tt-${process.pid}`;
const redirectPort = 15_001;
const workloadPort = 8_080;
const virtual = '198.18.0.7';
const loopback = { address: '127.0.0.1', port: 0 };
const cleanups: (() => void)[] = [];
let house: House;
let shop: PlaneProcess;
let stockPort = 0;
let publicUrl = '';

/** The same as the product's: everything but the workload's own loopback ends at the redirected listener. */
const rules = `table inet captured {
  chain capture {
    type nat hook output priority -100; policy accept;
    ip daddr 127.0.0.0/8 return
    meta l4proto tcp redirect to :${redirectPort}
  }
}`;

async function inside(...command: string[]) {
  return exec('ip', ['netns', 'exec', namespace, ...command], { timeoutMs: 60_000 });
}

async function must(command: string, ...args: string[]): Promise<void> {
  const result = await exec(command, args);
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
}

async function web(folder: string, words: readonly string[], port: number): Promise<number> {
  const script = join(folder, 'web.py');
  writeFileSync(
    script,
    [
      'import http.server, sys',
      'server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)',
      'print(server.server_address[1], flush=True)',
      'server.serve_forever()',
    ].join('\n'),
  );
  const [file = '', ...args] = [...words, 'python3', script, String(port)];
  const child = spawnProcess(file, args, { cwd: join(folder, 'www'), stdio: ['ignore', 'pipe', 'ignore'] });
  cleanups.push(() => child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('no stdout');
  const [line] = await once(child.stdout, 'data');
  return Number(String(line).trim());
}

beforeAll(async () => {
  if (!usable) return;
  house = await openHouse();
  mkdirSync(join(house.folder, 'www'));
  writeFileSync(join(house.folder, 'www', 'items.json'), '[1,2,3]');
  await must('ip', 'netns', 'add', namespace);
  cleanups.push(() => void exec('ip', ['netns', 'delete', namespace]));
  await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', namespace, 'route', 'add', 'local', 'default', 'dev', 'lo');
  const file = join(house.folder, 'rules.nft');
  writeFileSync(file, rules);
  await must('ip', 'netns', 'exec', namespace, 'nft', '-f', file);

  stockPort = await web(house.folder, [], 0);
  await web(house.folder, ['ip', 'netns', 'exec', namespace], workloadPort);
  const control = join(house.folder, 'shop.sock');
  const pair = await spawnPlane({
    place: { kind: 'netns', name: namespace },
    redirectPort,
    nodePath: process.execPath,
    programDir: dirname(resolve(environment('TEST_DIST') ?? 'dist')),
    control,
    log: join(house.folder, 'shop.log'),
  });
  cleanups.push(() => stopPlane(pair));
  shop = house.attach(control);
  const stock = house.plane('stock');
  const gateway = house.plane('gateway');
  for (const plane of [shop, stock, gateway]) await plane.connect();

  const common = { host: 'host-a', identity: null, workload: null };
  const stockAt = await stock.ask(
    {
      type: 'configure',
      role: 'sidecar',
      ...common,
      service: 'stock',
      inbound: { listen: loopback, target: { kind: 'address', address: '127.0.0.1', port: stockPort } },
    },
    'listening',
  );
  let shopAt = await shop.ask(
    {
      type: 'configure',
      role: 'sidecar',
      ...common,
      service: 'shop',
      inbound: { listen: loopback, target: { kind: 'inlet', port: workloadPort } },
      outbound: {
        captured: true,
        routes: [{ service: 'stock', host: 'stock.shop', port: stockPort, virtualAddresses: [virtual] }],
      },
    },
    'listening',
  );
  while (!shopAt.captured) shopAt = await shop.wait('listening');
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
  if (stockAt.inbound === null || shopAt.inbound === null) throw new Error('not listening');
  house.endpoints.set('stock', [stockAt.inbound]);
  house.endpoints.set('shop', [shopAt.inbound]);
  house.contracts.set(
    'shop',
    approved(
      contract('shop', 'enforce', {
        network: {
          ingress: [{ id: 'in-public', from: { builtin: 'public' }, ports: [`tcp/${workloadPort}`] }],
          egress: [{ id: 'out-stock', to: { service: 'stock' }, ports: [`tcp/${stockPort}`] }],
        },
        api: {
          serves: [{ id: 'items', methods: ['GET'], path: '/items.json', from: [{ builtin: 'public' }] }],
          calls: [{ id: 'stock-items', to: { service: 'stock' }, methods: ['GET'], path: '/items.json' }],
        },
      }),
    ),
  );
  house.contracts.set('stock', approved(contract('stock', 'learn', { network: { ingress: [] }, api: { serves: [] } })));
  for (const [plane, service] of [
    [stock, 'stock'],
    [shop, 'shop'],
    [gateway, 'gateway'],
  ] as const) {
    house.identify(plane, service);
  }
  await house.publish();
});

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) cleanup();
  if (usable) await house.close();
});

describe('a workload in a network namespace of its own', () => {
  it('is reached through sockets that the inlet hands out', async () => {
    const answer = await exec('curl', ['-sS', '--max-time', '20', `${publicUrl}/items.json`]);
    expect(answer.stdout).toBe('[1,2,3]');
    const seen = await shop.observed((o) => o.event.kind === 'request' && o.event.direction === 'in');
    expect(seen.join.socket).toMatchObject({ local: { address: '127.0.0.1', port: workloadPort } });
    expect(seen.join.socket?.peer.port).toBeGreaterThan(0);
  });

  it('calls a declared service by its virtual address, unchanged', async () => {
    const answer = await inside('curl', '-sS', '--max-time', '20', `http://${virtual}:${stockPort}/items.json`);
    expect(answer.stdout).toBe('[1,2,3]');
    const seen = await shop.observed((o) => o.event.kind === 'request' && o.event.direction === 'out');
    expect(seen.event).toMatchObject({ peer: 'stock', verdict: { clause: 'stock-items' } });
    expect(seen.join.socket?.peer).toEqual({ address: virtual, port: stockPort });
    expect(seen.join.caller).toBe(serviceId(trustDomain, 'stock'));
  });

  it('is refused an operation it never calls, before the request leaves', async () => {
    const answer = await inside(
      ...['curl', '-sS', '--max-time', '20', '-X', 'POST', '-d', 'x', '-w', '%{http_code}', '-o', '/dev/null'],
      `http://${virtual}:${stockPort}/items.json`,
    );
    expect(answer.stdout).toBe('403');
  });

  it('is cut off from every other address, and where it wanted to go is recorded', async () => {
    const answer = await inside('curl', '-sS', '--max-time', '20', 'http://203.0.113.5:4444/');
    expect(answer.status).not.toBe(0);
    const seen = await shop.observed((o) => o.event.kind === 'flow' && o.event.address === '203.0.113.5');
    expect(seen.event).toMatchObject({ port: 4_444, direction: 'out', mtls: false, verdict: { effect: 'deny' } });
    // The service's port on another address is another place.
    const near = await inside('curl', '-sS', '--max-time', '20', `http://198.18.0.8:${stockPort}/items.json`);
    expect(near.status).not.toBe(0);
  });

  it('gets nothing from the redirected listener itself', async () => {
    const answer = await inside('curl', '-sS', '--max-time', '20', `http://127.0.0.1:${redirectPort}/items.json`);
    expect(answer.status).not.toBe(0);
    expect(answer.stdout).toBe('');
  });
});
