import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect } from 'vitest';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from '../server/harness.js';

const it = await requires('postgresql');

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(async () => {
  await plane.close();
  await stopTestStores();
});

it('sends away who does not finish a head or a body, and goes on', async () => {
  const { port } = new URL(plane.server.addresses.consoleUrl);
  const ca = plane.server.context.authority.bundle().join('');
  const halves = ['GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ', ''];
  const answers = await Promise.all(
    halves.map(async (text) => {
      const socket = tlsConnect({ port: Number(port), host: '127.0.0.1', ca });
      socket.on('error', () => {});
      await once(socket, 'secureConnect');
      socket.write(text);
      let answer = '';
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1');
      });
      await once(socket, 'close');
      return answer;
    }),
  );
  expect(answers[0]).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect((await plane.call('GET', '/v1/status')).status).toBe(200);
});

it('refuses oversized, truncated and ambiguous heads on both listeners', async () => {
  const ca = plane.server.context.authority.bundle().join('');
  const shapes = [
    `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n folded: yes\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET /\u0000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  ];
  for (const url of [plane.server.addresses.consoleUrl, plane.server.addresses.agentUrl])
    for (const shape of shapes) {
      const socket = tlsConnect({
        port: Number(new URL(url).port),
        host: '127.0.0.1',
        ca,
        checkServerIdentity: () => undefined,
      });
      socket.on('error', () => {});
      await once(socket, 'secureConnect');
      let answer = '';
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1');
      });
      socket.end(shape, 'latin1');
      await once(socket, 'close');
      expect([shape.slice(0, 60), answer.slice(0, 12)]).toEqual([
        shape.slice(0, 60),
        expect.stringMatching(/^HTTP\/1\.1 4\d\d|^$/),
      ]);
    }
  expect((await plane.call('GET', '/v1/status')).status).toBe(200);
});
