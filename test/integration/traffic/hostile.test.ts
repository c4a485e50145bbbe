import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approved, contract, type House, openHouse, type PlaneProcess } from './house.js';

const loopback = { address: '127.0.0.1', port: 0 };
const idleConnections = 10_000;
let house: House;
let gateway: PlaneProcess;
let callee: PlaneProcess;
let publicPort = 0;
const cleanups: (() => void)[] = [];

beforeAll(async () => {
  house = await openHouse();
  const workload = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  });
  workload.listen(0, '127.0.0.1');
  await once(workload, 'listening');
  cleanups.push(() => workload.close());
  const { port } = workload.address() as AddressInfo; // a TCP listener's address
  gateway = house.plane('gateway');
  callee = house.plane('shop');
  await gateway.connect();
  await callee.connect();
  const common = { type: 'configure', host: 'host-a', identity: null, workload: null } as const;
  const calleeAt = await callee.ask(
    {
      ...common,
      role: 'sidecar',
      service: 'shop',
      inbound: { listen: loopback, target: { kind: 'address', address: '127.0.0.1', port } },
    },
    'listening',
  );
  const gatewayAt = await gateway.ask(
    { ...common, role: 'gateway', service: 'gateway', publishes: [{ listen: loopback, service: 'shop' }] },
    'listening',
  );
  publicPort = gatewayAt.publishes[0]?.listen.port ?? 0;
  if (calleeAt.inbound === null) throw new Error('not listening');
  house.endpoints.set('shop', [calleeAt.inbound]);
  house.contracts.set(
    'shop',
    approved(
      contract('shop', 'enforce', {
        network: { ingress: [{ id: 'public', from: { builtin: 'public' }, ports: [`tcp/${port}`] }] },
        api: { serves: [{ id: 'all', methods: ['GET'], path: '/', from: [{ builtin: 'public' }] }] },
      }),
    ),
  );
  house.identify(gateway, 'gateway');
  house.identify(callee, 'shop');
  await house.publish();
});

afterAll(async () => {
  for (const cleanup of cleanups) cleanup();
  await house.close();
});

async function request(text: string): Promise<string> {
  const socket = connect(publicPort, '127.0.0.1');
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.write(text, 'latin1');
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

const plain = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function residentMegabytes(plane: PlaneProcess): number {
  const status = readFileSync(`/proc/${plane.child?.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
}

describe('the data plane under hostile load', () => {
  test('answers while ten thousand connections say nothing', async () => {
    const limit = Number(/open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0);
    const wanted = Math.min(idleConnections, limit - 500);
    const sockets: Socket[] = [];
    try {
      while (sockets.length < wanted) {
        const batch = Array.from({ length: Math.min(250, wanted - sockets.length) }, () =>
          connect(publicPort, '127.0.0.1'),
        );
        for (const socket of batch) socket.on('error', () => {});
        await Promise.all(batch.map((socket) => once(socket, 'connect')));
        sockets.push(...batch);
      }
      expect(await request(plain)).toContain('200 OK');
      const status = await gateway.ask({ type: 'status' }, 'status');
      expect(status.connections).toBeGreaterThan(wanted * 0.99);
      expect(residentMegabytes(gateway)).toBeLessThan(400);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    expect(await request(plain)).toContain('200 OK');
  });

  test('refuses smuggling shapes at the door, records each, and stays up', async () => {
    const shapes = [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'GET / HTTP/1.1\nHost: a\n\n',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(8_000)}\r\n`,
      `GET /${'a'.repeat(10_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      '\u0000\u0001\u0002\u0003'.repeat(1_000),
    ];
    const before = (await gateway.ask({ type: 'status' }, 'status')).counts.refused;
    for (const shape of shapes) expect(await request(shape)).toMatch(/^HTTP\/1.1 4\d\d |^$/);
    const after = (await gateway.ask({ type: 'status' }, 'status')).counts.refused;
    expect(after - before).toBe(shapes.length);
    expect(
      callee.observations.filter((o) => o.event.kind === 'request' && o.event.verdict.reason === 'malformed'),
    ).toEqual([]);
    expect(await request(plain)).toContain('200 OK');
  });

  test('goes on without its agent, and takes a new one', async () => {
    gateway.disconnect();
    callee.disconnect();
    expect(await request(plain)).toContain('200 OK');
    await gateway.connect();
    const hello = await callee.connect();
    expect(hello).toMatchObject({ service: 'shop' });
    expect(hello.revision).toBeGreaterThan(0);
  });

  test('answers 502 when the sidecar behind it is killed, and never a made-up success', async () => {
    await callee.stop();
    expect(await request(plain)).toMatch(/^HTTP\/1.1 50[23] /);
  });
});
