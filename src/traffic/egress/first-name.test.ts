import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameIn } from './first-name.js';

/** The hello of Node's own TLS. */
async function helloOf(servername: string | undefined): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const socket = connect({
    host: '127.0.0.1',
    port: address.port,
    ...(servername === undefined ? {} : { servername }),
  });
  socket.on('error', () => {});
  const [taken] = await once(server, 'connection');
  const [bytes] = await once(taken, 'data');
  taken.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** The same handshake message, in records of so many bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([0x16, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

test('a hello names its server, however it is cut', async () => {
  const hello = await helloOf('API.example.com');
  const name = { kind: 'name', name: 'api.example.com' };
  expect(nameIn(hello)).toEqual(name);
  for (const size of [1, 7, 100, 300]) expect(nameIn(inRecords(hello, size))).toEqual(name);
  for (let length = 0; length < hello.length; length += 1) expect(nameIn(hello.subarray(0, length))).toBe(undefined);
  expect(nameIn(await helloOf(undefined))).toEqual({ kind: 'none' });
});

test('a hello with a changed byte never throws, and never names two', async () => {
  const hello = await helloOf('api.example.com');
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(hello);
      changed[at] = value;
      const found = nameIn(changed);
      expect([undefined, 'name', 'none', 'broken']).toContain(found?.kind);
    }),
  );
});

test.each([
  ['GET / HTTP/1.1\r\nHost: api.example.com:8080\r\n\r\n', { kind: 'name', name: 'api.example.com' }],
  ['OPTIONS * HTTP/1.1\r\nA: b\r\nhost:api.example.com.\r\n\r\n', { kind: 'name', name: 'api.example.com' }],
  ['GET / HTTP/1.0\r\n\r\n', { kind: 'none' }],
  ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', { kind: 'broken' }],
  ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', { kind: 'broken' }],
  ['GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', { kind: 'broken' }],
  ['CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n', { kind: 'broken' }],
  ['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', { kind: 'broken' }],
  ['GET / HTTP/1.1\r\nHost: a..b\r\n\r\n', { kind: 'broken' }],
  ['GET / HTTP/1.1\r\nHost: a\r\n', undefined],
  [`GET / HTTP/1.1\r\nA: ${'x'.repeat(17_000)}`, { kind: 'broken' }],
  ['GE', undefined],
  ['\x00\x00\x00\x08\x04\xd2\x16\x2f', { kind: 'none' }],
  ['\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00', { kind: 'broken' }],
  ['\x16\x05hello', { kind: 'none' }],
])('%j is about %j', (text, name) => {
  expect(nameIn(Buffer.from(text, 'latin1'))).toEqual(name);
});

test('any bytes are told apart without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('', '\x16\x03\x01', 'GET '), (bytes, before) => {
      nameIn(Buffer.concat([Buffer.from(before, 'latin1'), bytes]));
    }),
  );
});
