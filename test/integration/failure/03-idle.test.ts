import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect } from 'vitest';
import { requires } from '../../requires.js';
import { listenTo, send } from '../server/harness.js';
import { type ControlPlane, startControlPlane } from './control-plane.js';

const it = await requires('postgresql');
const ready = it !== it.skip;
const many = 10_000;
/** More than either listener has room for. */
const shaken = 2_200;

let plane: ControlPlane;
beforeAll(async () => {
  if (ready) plane = await startControlPlane();
});
afterAll(async () => {
  if (ready) await plane.close();
});

/** Connections that were made and say nothing; some may have had to make room again. */
async function silentOnes(url: string, wanted: number, tls: boolean): Promise<Socket[]> {
  const at = { port: Number(new URL(url).port), host: '127.0.0.1' };
  const sockets: Socket[] = [];
  while (sockets.length < wanted) {
    const batch = Array.from({ length: Math.min(200, wanted - sockets.length) }, () => {
      const socket = tls ? tlsConnect({ ...at, rejectUnauthorized: false }) : connect(at);
      return { socket, made: Promise.race([once(socket, tls ? 'secureConnect' : 'connect'), once(socket, 'close')]) };
    });
    for (const { socket } of batch) socket.on('error', () => {});
    await Promise.allSettled(batch.map(({ made }) => made));
    sockets.push(...batch.map(({ socket }) => socket));
  }
  return sockets;
}

it('answers people and agents while ten thousand connections to each listener say nothing', async () => {
  const stream = await listenTo(plane.consoleUrl, plane.access, 'contracts');
  await stream.next();
  const anonymous = new Agent({ rejectUnauthorized: false });
  for (const [url, wanted, tls] of [
    [plane.consoleUrl, many, false],
    [plane.agentUrl, many, false],
    [plane.consoleUrl, shaken, true],
    [plane.agentUrl, shaken, true],
  ] as const) {
    const sockets = await silentOnes(url, wanted, tls);
    try {
      expect((await plane.call('GET', '/v1/status')).status).toBe(200);
      const agent = await send(plane.agentUrl, 'GET', '/agent/v1/state', { client: anonymous });
      expect([agent.status, agent.json.code]).toEqual([401, 'unauthenticated']);
      expect(plane.residentMegabytes()).toBeLessThan(400);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }
  anonymous.destroy();
  // Who was being answered all the while has not been sent away.
  await plane.call('POST', '/v1/services', { service: 'told' });
  expect(await stream.next()).toMatchObject({ topic: 'contracts', data: { subject: 'told' } });
  stream.close();
});
