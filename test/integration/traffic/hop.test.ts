import { once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as tlsConnect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateKeyPair } from '../../../src/identity/index.js';
import { type Endpoint, serviceId } from '../../../src/model/index.js';
import { approved, contract, type House, openHouse, type PlaneProcess, trustDomain } from './house.js';

const loopback = { address: '127.0.0.1', port: 0 };
const cleanups: (() => void)[] = [];
let house: House;
let shop: PlaneProcess;
let stock: PlaneProcess;
let stockEndpoint: Endpoint;
let wire: Relay;
let outPort = 0;
let foreignPort = 0;
/** Answers of the workload that are not over yet, by path. */
const open = new Map<string, ServerResponse>();

/** Passes TCP on, counts connections, and can cut them: the network between the two sidecars. */
interface Relay {
  readonly endpoint: Endpoint;
  readonly live: Set<Socket>;
  made: number;
  cut(): void;
  /** What the callee says on new connections is kept back, until `go`; `said` when there is something. */
  hold(): { readonly said: Promise<void>; go(): void };
}

async function relayTo(target: Endpoint): Promise<Relay> {
  const live = new Set<Socket>();
  let held: { readonly go: Promise<void>; said(): void } | undefined;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: target.address, port: target.port, allowHalfOpen: true });
    relay.made += 1;
    live.add(near);
    const back = held;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        live.delete(near);
        to.destroy();
      });
      if (back === undefined || from === near) from.pipe(to);
    }
    if (back === undefined) return;
    far.once('readable', () => {
      back.said();
      void back.go.then(() => far.pipe(near));
    });
  });
  const relay: Relay = {
    endpoint: await listening(server),
    live,
    made: 0,
    cut: () => {
      for (const socket of live) socket.destroy();
    },
    hold: () => {
      let go: () => void = () => {};
      let said: () => void = () => {};
      const [gone, spoken] = [
        new Promise<void>((resolve) => {
          go = resolve;
        }),
        new Promise<void>((resolve) => {
          said = resolve;
        }),
      ];
      held = { go: gone, said };
      return {
        said: spoken,
        go: () => {
          held = undefined;
          go();
        },
      };
    },
  };
  return relay;
}

async function listening(server: ReturnType<typeof createServer>): Promise<Endpoint> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port }; // a TCP listener's address
}

beforeAll(async () => {
  house = await openHouse();
  const workload = createHttpServer((request, response) => {
    response.on('error', () => {});
    const path = request.url ?? '';
    if (path.startsWith('/open/')) {
      // Goes on until the test ends it.
      response.write('begun ');
      open.set(path, response);
    } else if (path.startsWith('/large/')) {
      response.end(Buffer.alloc(3_000_000, path.slice(-1)));
    } else {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('latin1');
      });
      request.on('end', () => response.end(`${request.method} ${path} ${body}`));
    }
  });
  const { port } = await listening(workload);
  stock = house.plane('stock');
  shop = house.plane('shop');
  await stock.connect();
  await shop.connect();
  const common = { type: 'configure', role: 'sidecar', host: 'host-a', identity: null, workload: null } as const;
  const stockAt = await stock.ask(
    {
      ...common,
      service: 'stock',
      inbound: { listen: loopback, target: { kind: 'address', address: '127.0.0.1', port } },
    },
    'listening',
  );
  if (stockAt.inbound === null) throw new Error('not listening');
  stockEndpoint = stockAt.inbound;
  wire = await relayTo(stockEndpoint);
  const shopAt = await shop.ask(
    {
      ...common,
      service: 'shop',
      outbound: {
        captured: false,
        routes: [
          { service: 'stock', host: 'stock', port, listen: loopback },
          { service: 'foreign', host: 'foreign', port, listen: loopback },
        ],
      },
    },
    'listening',
  );
  outPort = shopAt.routes.find((route) => route.service === 'stock')?.listen.port ?? 0;
  foreignPort = shopAt.routes.find((route) => route.service === 'foreign')?.listen.port ?? 0;
  house.endpoints.set('stock', [wire.endpoint]);
  house.endpoints.set('foreign', []);
  house.contracts.set(
    'shop',
    approved(
      contract('shop', 'enforce', {
        network: {
          egress: [
            { id: 'out', to: { service: 'stock' }, ports: [`tcp/${port}`] },
            { id: 'out-foreign', to: { service: 'foreign' }, ports: [`tcp/${port}`] },
          ],
        },
        api: {
          serves: [],
          calls: ['stock', 'foreign'].map((service) => ({
            id: `all-${service}`,
            to: { service },
            methods: ['GET', 'POST'],
            path: '/**',
          })),
        },
      }),
    ),
  );
  house.contracts.set(
    'stock',
    approved(
      contract('stock', 'enforce', {
        network: { ingress: [{ id: 'in', from: { service: 'shop' }, ports: [`tcp/${port}`] }] },
        api: { serves: [{ id: 'all', methods: ['GET', 'POST'], path: '/**', from: [{ service: 'shop' }] }] },
      }),
    ),
  );
  house.identify(shop, 'shop');
  house.identify(stock, 'stock');
  await house.publish();
});

afterAll(async () => {
  for (const response of open.values()) response.destroy();
  for (const cleanup of cleanups) cleanup();
  wire.cut();
  await house.close();
});

/** One request on a connection of its own; resolves with what came until the end. */
function request(text: string, port = outPort, onData?: (soFar: string, socket: Socket) => void): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    onData?.(answer, socket);
  });
  socket.write(text, 'latin1');
  return new Promise((resolve) => socket.once('close', () => resolve(answer)));
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: stock\r\nConnection: close\r\n\r\n`;

/** An answer that is under way: its first bytes have arrived. `until`: so have these. */
async function begun(path: string): Promise<{ readonly whole: Promise<string>; until(text: string): Promise<void> }> {
  let answer = '';
  let look: () => void = () => {};
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (answer.includes(text)) resolve();
      };
      look();
    });
  const whole = request(get(path), outPort, (soFar) => {
    answer = soFar;
    look();
  });
  await until('begun');
  return { whole, until };
}

/** A peer of our own making with a proved identity. */
async function peer(service: string, protocol: string): Promise<TLSSocket> {
  const keys = generateKeyPair();
  const issued = house.ca.issueSvid({ id: serviceId(trustDomain, service), publicKey: keys.publicKeyPem });
  const socket = tlsConnect({
    host: stockEndpoint.address,
    port: stockEndpoint.port,
    cert: issued.chainPem.join(''),
    key: keys.privateKeyPem,
    ca: [...house.ca.bundle()],
    checkServerIdentity: () => undefined,
    ALPNProtocols: [protocol],
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** However it comes about: a cut connection may be a reset. */
function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

function frame(type: number, value: number, stream: number, payload = ''): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(((type << 24) | value) >>> 0, 0);
  header.writeUInt32BE(stream, 4);
  return Buffer.concat([header, Buffer.from(payload, 'latin1')]);
}

describe('two sidecars', () => {
  test('carry many callers over one connection, each request decided and recorded', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => request(get(`/item/${index}`))));
    for (const [index, answer] of answers.entries()) expect(answer).toContain(`GET /item/${index} `);
    expect(wire.made).toBe(1);
    for (const plane of [shop, stock]) {
      for (const path of ['/item/0', '/item/199']) {
        const seen = await plane.observed((o) => o.event.kind === 'request' && o.event.path === path);
        expect(seen.event).toMatchObject({ status: 200, verdict: { effect: 'allow' } });
      }
    }
    const flow = await stock.observed((o) => o.event.kind === 'flow');
    expect(flow.event).toMatchObject({ peer: 'shop', mtls: true, direction: 'in', verdict: { clause: 'in' } });
  });

  test('go on with the others while one caller does not read', async () => {
    const stuck = connect(outPort, '127.0.0.1');
    stuck.pause();
    stuck.write(get('/large/s'));
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((letter) => request(get(`/large/${letter}`))));
    for (const [index, letter] of ['a', 'b', 'c', 'd'].entries()) {
      const text = answers[index] ?? '';
      expect(text.slice(text.indexOf('\r\n\r\n')).split(letter).length - 1).toBeGreaterThanOrEqual(3_000_000);
    }
    stuck.resume();
    let read = 0;
    stuck.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    await once(stuck, 'close');
    expect(read).toBeGreaterThan(3_000_000);
  });

  test('carry bodies up, with a length and in chunks', async () => {
    const post = 'POST /up HTTP/1.1\r\nHost: stock\r\nConnection: close\r\n';
    expect(await request(`${post}Content-Length: 5\r\n\r\nhello`)).toContain('POST /up hello');
    expect(await request(`${post}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)).toContain(
      'POST /up abcde',
    );
  });

  test('finish what is under way when either identity is renewed, and send nothing new on the old connection', async () => {
    for (const [plane, service] of [
      [shop, 'shop'],
      [stock, 'stock'],
    ] as const) {
      await request(get('/before'));
      const { made } = wire;
      const path = `/open/${service}`;
      const answer = await begun(path);
      house.identify(plane, service);
      await plane.ask({ type: 'status' }, 'status');
      while (wire.made === made) expect(await request(get('/after'))).toContain('GET /after');
      open.get(path)?.end('finished');
      expect(await answer.whole).toContain('finished');
      while (wire.live.size > 1) await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('send nothing more on a connection whose handshake was under way while the identity behind it was renewed', async () => {
    const { made } = wire;
    const held = wire.hold();
    house.identify(shop, 'shop');
    await shop.ask({ type: 'status' }, 'status');
    const first = request(get('/first'));
    await held.said;
    house.identify(stock, 'stock');
    await stock.ask({ type: 'status' }, 'status');
    held.go();
    expect(await first).toContain('GET /first');
    while (wire.made === made + 1) expect(await request(get('/after'))).toContain('GET /after');
  });

  test('go on over a change of the root, and cut only what nobody vouches for any more', async () => {
    const answer = await begun('/open/announced');
    await house.ca.roots.begin('test');
    await house.publish();
    expect(await request(get('/announced'))).toContain('GET /announced');
    await house.ca.roots.switchOver('test');
    await house.publish();
    for (const [plane, service] of [
      [shop, 'shop'],
      [stock, 'stock'],
    ] as const) {
      const { made: before } = wire;
      house.identify(plane, service);
      await plane.ask({ type: 'status' }, 'status');
      while (wire.made === before) expect(await request(get('/switched'))).toContain('GET /switched');
    }
    open.get('/open/announced')?.write('still ');
    await answer.until('still ');
    const kept = await begun('/open/kept');
    await house.ca.roots.finish('test', async () => {});
    await house.publish();
    expect(await answer.whole).not.toContain('0\r\n\r\n');
    open.get('/open/kept')?.end('finished');
    expect(await kept.whole).toContain('finished');
    expect(await request(get('/finished'))).toContain('GET /finished');
  });

  test('cut what is under way when the identity is withdrawn', async () => {
    const answer = await begun('/open/revoked');
    house.revoked.push(serviceId(trustDomain, 'shop'));
    await house.publish();
    const text = await answer.whole;
    expect(text).toContain('begun');
    expect(text).not.toContain('0\r\n\r\n');
    expect(await request(get('/refused'))).toMatch(/^HTTP\/1.1 50[23] /);
    house.revoked.length = 0;
    await house.publish();
    expect(await request(get('/again'))).toContain('GET /again');
  });

  test('never complete an answer whose connection broke, and are back with the next request', async () => {
    const answer = await begun('/open/broken');
    wire.cut();
    const text = await answer.whole;
    expect(text).toContain('begun');
    expect(text).not.toContain('0\r\n\r\n');
    expect(await request(get('/back'))).toContain('GET /back');
  });
});

describe('a peer with a proved identity', () => {
  const settings = [
    ['bytes of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'frame-type'],
    ['a stream that was never opened', frame(2, 1, 7, 'x'), 'stream-unknown'],
    ['a length out of bounds', Buffer.concat([frame(1, 0, 1), frame(2, 0xffffff, 1)]), 'frame-value'],
    ['a flood', Buffer.concat(Array.from({ length: 20_000 }, () => frame(7, 0, 0))), 'flood'],
  ] as const;

  test.each(settings)('loses its connection with %s, and nobody else notices', async (_name, bytes, why) => {
    const answer = await begun(`/open/${why}`);
    const socket = await peer('shop', 'tricordon-hop/1');
    socket.resume();
    socket.write(bytes);
    await closed(socket);
    const seen = await stock.observed(
      (o) => o.event.kind === 'flow' && (o.event.verdict.nearest ?? '').endsWith(`got ${why}`),
    );
    expect(seen.event).toMatchObject({ peer: 'shop', verdict: { effect: 'deny', reason: 'malformed' } });
    open.get(`/open/${why}`)?.end('finished');
    expect(await answer.whole).toContain('finished');
  });

  test('finds the same strict reader in a stream as on a connection of its own', async () => {
    const smuggled = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    const socket = await peer('shop', 'tricordon-hop/1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.write(Buffer.concat([frame(1, 0, 1), frame(2, smuggled.length, 1, smuggled)]));
    while (!answer.includes('400 Bad Request')) await once(socket, 'data');
    await stock.observed((o) => o.event.kind === 'request' && o.event.verdict.reason === 'malformed');
    socket.destroy();
  });

  test('is refused as a whole when it is not listed', async () => {
    const socket = await peer('somebody', 'tricordon-hop/1');
    socket.resume();
    socket.write(frame(1, 0, 1));
    await closed(socket);
    const seen = await stock.observed((o) => o.event.kind === 'flow' && o.event.peer === 'somebody');
    expect(seen.event).toMatchObject({ verdict: { effect: 'deny', reason: 'peer-not-listed' } });
  });
});

describe('somebody who does not speak the frames', () => {
  test('is served HTTP/1.1 on a connection of its own', async () => {
    const socket = await peer('shop', 'tricordon-http/1');
    expect(socket.alpnProtocol).toBe('tricordon-http/1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.write(get('/foreign'));
    await once(socket, 'end');
    expect(answer).toContain('GET /foreign ');
    socket.destroy();
  });

  test('is called with HTTP/1.1 on connections of its own', async () => {
    const keys = generateKeyPair();
    const issued = house.ca.issueSvid({ id: serviceId(trustDomain, 'foreign'), publicKey: keys.publicKeyPem });
    const waiting = new Set<TLSSocket>();
    const server = createTlsServer(
      {
        cert: issued.chainPem.join(''),
        key: keys.privateKeyPem,
        ca: [...house.ca.bundle()],
        requestCert: true,
        ALPNProtocols: ['tricordon-http/1'],
      },
      (socket) => {
        socket.on('error', () => {});
        socket.on('data', () => {
          if (waiting.has(socket)) return;
          waiting.add(socket);
          // Answered once all have come: a connection that is free again would be used again.
          if (waiting.size === 4)
            for (const one of waiting) one.write('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nforeign');
        });
      },
    );
    house.endpoints.set('foreign', [await listening(server)]);
    await house.publish();
    const answers = await Promise.all([1, 2, 3, 4].map(() => request(get('/x'), foreignPort)));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*foreign$/);
    expect(waiting.size).toBe(4);
  });
});
