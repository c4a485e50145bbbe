import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { holdRoom } from './room.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listener(most: number) {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/hold') {
      held.push(response);
      response.writeHead(200);
      response.write('begun');
    } else response.end('done');
  });
  const room = holdRoom(server, most);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP listener's address
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  /** Resolves when the listener knows of the connection. */
  const open = async (): Promise<Socket> => {
    const known = once(server, 'connection');
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    cleanups.push(() => socket.destroy());
    await known;
    return socket;
  };
  const ask = async (socket: Socket, path: string): Promise<string> => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const [chunk] = await once(socket, 'data');
    return String(chunk);
  };
  return { room, held, open, ask };
}

test('the oldest connection that said nothing makes room, and the new one is served', async () => {
  const { room, open, ask } = await listener(2);
  const [first, second] = [await open(), await open()];
  const gone = once(first, 'close');
  const third = await open();
  await gone;
  expect(await ask(third, '/')).toContain('done');
  expect(await ask(second, '/')).toContain('done');
  expect(room.size).toBe(2);
});

test('who waits between two requests makes room after those that said nothing', async () => {
  const { open, ask } = await listener(2);
  const idle = await open();
  await ask(idle, '/');
  const silent = await open();
  const silentGone = once(silent, 'close');
  const next = await open();
  await silentGone;
  expect(await ask(idle, '/')).toContain('done');
  await ask(next, '/');
  const idleGone = once(idle, 'close');
  await open();
  await idleGone;
});

test('who is being answered keeps its place: with only such, the new one is sent away', async () => {
  const { room, held, open, ask } = await listener(1);
  const busy = await open();
  expect(await ask(busy, '/hold')).toContain('begun');
  await once(await open(), 'close');
  const end = once(busy, 'data');
  held[0]?.end('ended');
  expect(String(await end)).toContain('ended');
  expect(room.size).toBe(1);
});

test('a connection that ends gives its place back', async () => {
  const { room, open } = await listener(2);
  const socket = await open();
  expect(room.size).toBe(1);
  socket.destroy();
  while (room.size > 0) await new Promise((resolve) => setImmediate(resolve));
  const again = [await open(), await open()];
  expect(again.every((each) => !each.destroyed)).toBe(true);
});
