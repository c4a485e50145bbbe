import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { manualClock } from '../base/index.js';
import { refusal } from '../contract/index.js';
import type { Decision } from '../model/index.js';
import { addressConnector } from './connectors.js';
import { published } from './decisions.js';
import type { RequestHead } from './http1/request-head.js';
import { HttpConnection } from './http-connection.js';
import { defaultTimeouts, emptyCounts, type HttpHop, type PlaneContext } from './http-hop.js';
import { RecordRing } from './record-ring.js';
import { cut } from './sockets.js';
import { Sweeper } from './sweeper.js';
import { UpstreamPool } from './upstream.js';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function listening(take: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return (server.address() as AddressInfo).port; // a TCP listener's address
}

/** A hop in front of `workload`, which sees every byte that was passed on. */
async function hopTo(workload: (received: string, socket: Socket) => void, decide?: (head: RequestHead) => Decision) {
  const clock = manualClock();
  const sweeper = new Sweeper(clock, 3_600_000);
  const ring = new RecordRing(100);
  const context: PlaneContext = { clock, sweeper, ring, counts: emptyCounts(), timeouts: defaultTimeouts };
  let received = '';
  let connections = 0;
  const target = await listening((socket) => {
    connections += 1;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      workload(chunk.toString('latin1'), socket);
    });
  });
  const pool = new UpstreamPool(
    addressConnector(() => ({ address: '127.0.0.1', port: target })),
    60_000,
  );
  const port = await listening((socket) => {
    const hop: HttpHop = {
      service: 'shop',
      decide: decide ?? (() => published),
      pool: () => pool,
      describe: (slot) => {
        slot.direction = 'in';
        slot.peer = '';
      },
      closed: () => {},
    };
    new HttpConnection(context, hop, socket);
  });
  open.push({
    close: () => {
      pool.destroyAll();
      sweeper.stop();
    },
  });
  return { port, clock, sweeper, ring, context, received: () => received, connections: () => connections };
}

/** Sends the pieces one after the other and collects the answer until the hop ends the connection. */
async function exchange(port: number, ...pieces: string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => setImmediate(resolve)));
  }
  socket.end();
  socket.once('end', () => socket.destroy());
  await closed;
  return answer;
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: shop\r\n${more}\r\n`;
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const last = 'Connection: close\r\n';

describe('an HTTP connection', () => {
  test('answers pipelined requests in order over one upstream connection', async () => {
    const hop = await hopTo((text, socket) => {
      const path = /^GET (\S+)/.exec(text)?.[1] ?? '?';
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
    });
    const answer = await exchange(hop.port, get('/one') + get('/two') + get('/three', last));
    expect(answer.match(/\/(one|two|three)/g)).toEqual(['/one', '/two', '/three']);
    expect(hop.connections()).toBe(1);
    expect([1, 2, 3].map((seq) => hop.ring.at(seq)?.path)).toEqual(['/one', '/two', '/three']);
  });

  test('takes a request the same way, cut at any byte', async () => {
    const request = `POST /a HTTP/1.1\r\nHost: shop\r\n${last}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    const hop = await hopTo((_text, socket) => {
      if (hop.received().endsWith('0\r\n\r\n')) socket.write(ok);
    });
    for (let cut = 1; cut < request.length; cut += 7) {
      expect(await exchange(hop.port, request.slice(0, cut), request.slice(cut))).toContain('200 OK');
    }
    expect(await exchange(hop.port, ...request)).toContain('200 OK');
  });

  test('passes nothing on that was refused, and says no more than an id', async () => {
    const hop = await hopTo(
      (_text, socket) => socket.write(ok),
      (head) => (head.path === '/yes' ? published : refusal('api', 'caller-not-listed')),
    );
    const answer = await exchange(hop.port, get('/no') + get('/yes', last));
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\nContent-Type: application\/problem\+json/);
    expect(answer).not.toContain('caller');
    expect(answer).toContain('200 OK');
    expect(hop.received()).not.toContain('/no');
    const id = /"decision":"([0-9a-f]{16})"/.exec(answer)?.[1];
    expect(hop.ring.at(1)).toMatchObject({ path: '/no', status: 403, decisionId: id });
  });

  test('ends the connection when a refused request had a body, so that the body is not taken for a request', async () => {
    const hop = await hopTo(
      (_text, socket) => socket.write(ok),
      () => refusal('api', 'method'),
    );
    const smuggled = get('/admin');
    const answer = await exchange(
      hop.port,
      `POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(hop.ring.at(2)).toBeUndefined();
  });

  test('refuses when the decision itself fails', async () => {
    const hop = await hopTo(
      (_text, socket) => socket.write(ok),
      () => {
        throw new Error('broken');
      },
    );
    expect(await exchange(hop.port, get('/', last))).toContain('403');
    expect(hop.received()).toBe('');
    expect(hop.ring.at(1)?.decision.reason).toBe('internal-error');
  });

  test('records what is no HTTP and answers with a problem', async () => {
    const hop = await hopTo((_text, socket) => socket.write(ok));
    const answer = await exchange(
      hop.port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    expect(answer).toContain('400 Bad Request');
    expect(hop.ring.at(1)?.decision).toMatchObject({
      reason: 'malformed',
      nearest: { failed: [{ got: 'length-and-chunked' }] },
    });
    expect(hop.received()).toBe('');
  });

  test('cuts off a body that breaks its framing, on both sides', async () => {
    const hop = await hopTo(() => {});
    const answer = await exchange(
      hop.port,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
      'zz\r\n',
    );
    expect(answer).toContain('400 Bad Request');
    expect(hop.received()).not.toContain('zz');
  });

  test('passes interim responses on', async () => {
    const hop = await hopTo((text, socket) => {
      if (text.includes('Expect: 100-continue')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      if (text.endsWith('body')) socket.write(ok);
    });
    const answer = await exchange(
      hop.port,
      `POST / HTTP/1.1\r\nHost: a\r\n${last}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
      'body',
    );
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  test('turns the answer of an old server that ends with its connection into chunks', async () => {
    const hop = await hopTo((_text, socket) => socket.end('HTTP/1.0 200 OK\r\nSERVER: OLD\r\n\r\nhello'));
    const answer = await exchange(hop.port, get('/', last));
    expect(answer).toBe(
      'HTTP/1.1 200 OK\r\nSERVER: OLD\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    );
  });

  test('never completes an answer that was cut off', async () => {
    const hop = await hopTo((_text, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => cut(socket));
    });
    const answer = await exchange(hop.port, get('/'));
    expect(answer === '' || (answer.includes('200 OK') && answer.endsWith('half'))).toBe(true);
  });

  test('never completes an answer without a length when its connection broke', async () => {
    let workload: Socket | undefined;
    const hop = await hopTo((_text, socket) => {
      workload = socket;
      socket.write('HTTP/1.0 200 OK\r\n\r\nhalf');
    });
    const client = connect(hop.port, '127.0.0.1');
    client.write(get('/'));
    client.on('error', () => {});
    let answer = '';
    // The reset must not arrive together with data: libuv then reports an orderly end.
    client.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.endsWith('half\r\n') && workload !== undefined) cut(workload);
    });
    await new Promise((resolve) => client.once('close', resolve));
    expect(answer).toContain('half');
    expect(answer).not.toContain('0\r\n\r\n');
  });

  test.each([
    ['both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok'],
    ['a switch nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a length on 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'],
  ])('answers 502 when the upstream sends %s', async (_name, response) => {
    const hop = await hopTo((_text, socket) => socket.write(response, 'latin1'));
    expect(await exchange(hop.port, get('/'))).toContain('502 Bad Gateway');
  });

  test('does not use a connection again on which the upstream said too much', async () => {
    const hop = await hopTo((_text, socket) => socket.write(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse`));
    const answer = await exchange(hop.port, get('/1') + get('/2', last));
    expect(answer).not.toContain('false');
    expect(hop.connections()).toBe(2);
  });

  test('sends a safe request again when its reused connection was closed, and no other', async () => {
    let count = 0;
    const hop = await hopTo((text, socket) => {
      count += 1;
      if (count === 2 || (count > 3 && text.startsWith('POST'))) socket.destroy();
      else socket.write(ok);
    });
    expect((await exchange(hop.port, get('/1') + get('/2', last))).match(/200 OK/g)).toHaveLength(2);
    const post = `POST /3 HTTP/1.1\r\nHost: a\r\n${last}Content-Length: 1\r\n\r\nx`;
    expect(await exchange(hop.port, post)).toContain('502');
  });

  test('answers 502 when nobody listens, 503 when there is nowhere to go', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const dead = (gone.address() as AddressInfo).port; // a TCP listener's address
    gone.close();
    await once(gone, 'close');
    const hop = await hopTo(() => {});
    const dying = new UpstreamPool(
      addressConnector(() => ({ address: '127.0.0.1', port: dead })),
      1_000,
    );
    for (const [pool, status] of [
      [dying, '502'],
      [undefined, '503'],
    ] as const) {
      const port = await listening((socket) => {
        const hopless: HttpHop = {
          service: 's',
          decide: () => published,
          pool: () => pool,
          describe: () => {},
          closed: () => {},
        };
        new HttpConnection(hop.context, hopless, socket);
      });
      expect(await exchange(port, get('/'))).toContain(` ${status} `);
    }
  });

  test('splices a WebSocket after the upgrade was accepted', async () => {
    const hop = await hopTo((text, socket) => {
      if (text.startsWith('GET')) {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi ');
      } else {
        socket.end(text.toUpperCase());
      }
    });
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n';
    const answer = await exchange(hop.port, get('/', upgrade), 'frame');
    expect(answer).toContain('101 Switching Protocols');
    expect(answer.endsWith('hi FRAME')).toBe(true);
    expect(hop.received()).toContain('Upgrade: websocket');
  });

  test('does not offer other protocols on', async () => {
    const hop = await hopTo((_text, socket) => socket.write(ok));
    await exchange(
      hop.port,
      get('/', 'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n'),
    );
    expect(hop.received().toLowerCase()).not.toContain('h2c');
    expect(hop.received().toLowerCase()).not.toContain('http2');
  });

  test('carries large bodies both ways, through shared memory, unchanged', async () => {
    const body = Buffer.alloc(300_000, 'abcdefghij').toString('latin1');
    let sum = '';
    const hop = await hopTo((text, socket) => {
      sum += text;
      if (sum.endsWith(body)) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    const answer = await exchange(
      hop.port,
      `POST / HTTP/1.1\r\nHost: a\r\n${last}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer.endsWith(body)).toBe(true);
  });

  test('ends a head that takes too long, and idle connections', async () => {
    const hop = await hopTo(() => {});
    const slow = connect(hop.port, '127.0.0.1');
    slow.write('GET / HTTP/1.1\r\nHo');
    const idle = connect(hop.port, '127.0.0.1');
    await Promise.all([once(slow, 'connect'), once(idle, 'connect')]);
    while (hop.sweeper.size < 2) await new Promise((resolve) => setImmediate(resolve));
    // The first bytes must have arrived before the clock moves.
    await exchange(hop.port, get('/../'));
    hop.clock.advance(11_000);
    hop.sweeper.sweep();
    const [answer] = await once(slow, 'data');
    expect(answer.toString()).toContain('408 Request Timeout');
    hop.clock.advance(60_000);
    hop.sweeper.sweep();
    await once(idle, 'end');
    idle.destroy();
    slow.destroy();
  });

  test('gives up on an upstream that never answers', async () => {
    const hop = await hopTo(() => {});
    const answer = exchange(hop.port, get('/', last));
    while (!hop.received().includes('GET')) await new Promise((resolve) => setImmediate(resolve));
    hop.clock.advance(301_000);
    hop.sweeper.sweep();
    expect(await answer).toContain('504 Gateway Timeout');
  });

  test('waits for a slow reader instead of filling memory', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const total = 64 * 1024 * 1024;
    let written = 0;
    const hop = await hopTo((_text, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const push = () => {
        while (written < total && socket.write(chunk)) written += chunk.length;
        if (written < total) written += chunk.length;
      };
      socket.on('drain', push);
      push();
    });
    const reader = connect(hop.port, '127.0.0.1');
    reader.write(get('/'));
    reader.pause();
    let before = -1;
    // Everything on the way fills up, then nothing moves any more.
    for (let quiet = 0; quiet < 20; quiet = written === before ? quiet + 1 : 0) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(written).toBeLessThan(total);
    let read = 0;
    reader.on('data', (data: Buffer) => {
      read += data.length;
    });
    reader.resume();
    while (read < total) await once(reader, 'data');
    reader.destroy();
  });
});
