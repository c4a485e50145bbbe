import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silent, systemClock } from '../base/index.js';
import { FromPlane, type ToPlaneInput } from './control-protocol.js';
import { type ControlServer, serveControl } from './control-server.js';
import { createPlane, type Plane } from './plane.js';
import { RecordRing } from './record-ring.js';

let folder: string;
let path: string;
let plane: Plane;
let ring: RecordRing;
let control: ControlServer | undefined;
let stopped: number;

beforeEach(async () => {
  folder = mkdtempSync('/tmp/tc-');
  path = join(folder, 'p.sock');
  ring = new RecordRing(10);
  plane = createPlane({ lookup: async () => [], clock: systemClock, log: silent, ring });
  stopped = 0;
  control = await start();
});

afterEach(async () => {
  await control?.close();
  await plane.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(at = path): Promise<ControlServer> {
  return serveControl({ path: at, plane, ring, boot: 'b', log: silent, stop: () => (stopped += 1) });
}

/** An agent that reads whole messages. */
async function attach() {
  const socket = connect(path);
  await once(socket, 'connect');
  const said: FromPlane[] = [];
  let wake = () => {};
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) said.push(FromPlane.parse(JSON.parse(line)));
    wake();
  });
  return {
    socket,
    raw: (line: string) => socket.write(`${line}\n`),
    say: (message: ToPlaneInput) => socket.write(`${JSON.stringify(message)}\n`),
    next: async (type: FromPlane['type']): Promise<FromPlane> => {
      for (;;) {
        const at = said.findIndex((message) => message.type === type);
        const [found] = at < 0 ? [] : said.splice(at, 1);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const configure = {
  type: 'configure',
  role: 'gateway',
  host: 'host-a',
  service: 'gateway',
  workload: null,
  identity: null,
} as const;

describe('the control socket', () => {
  test('is for the owner alone and greets', async () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const agent = await attach();
    expect(await agent.next('hello')).toMatchObject({ protocol: 1, pid: process.pid, service: null, revision: null });
    agent.socket.destroy();
  });

  test('says what is wrong with a message, without repeating it, and goes on', async () => {
    const agent = await attach();
    for (const line of ['not json', '{"type":"svid","keyPem":"SECRET"}', '[]', '{"type":"configure"}']) {
      agent.raw(line);
      const problem = await agent.next('problem');
      expect(problem).toMatchObject({ code: 'message-refused' });
      expect(JSON.stringify(problem)).not.toContain('SECRET');
    }
    agent.say({ type: 'svid', keyPem: 'x', chainPem: ['y'] });
    expect(await agent.next('problem')).toMatchObject({ code: 'identity-broken' });
    agent.say({ type: 'status' });
    expect(await agent.next('status')).toMatchObject({ identityExpiresAt: null, lost: 0 });
    agent.socket.destroy();
  });

  test('says that a port is in use, and keeps what listened', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo; // a TCP listener's address
    const agent = await attach();
    agent.say({ ...configure, publishes: [{ listen: { address: '127.0.0.1', port: 0 }, service: 'shop' }] });
    const before = await agent.next('listening');
    agent.say({
      ...configure,
      publishes: [
        { listen: { address: '127.0.0.1', port: 0 }, service: 'shop' },
        { listen: { address: '127.0.0.1', port }, service: 'other' },
      ],
    });
    expect(await agent.next('problem')).toMatchObject({ code: 'listen-failed' });
    expect(plane.listening()).toEqual(before);
    agent.say({ ...configure, service: 'other' });
    expect(await agent.next('problem')).toMatchObject({ code: 'reconfigure-refused' });
    agent.socket.destroy();
    other.close();
  });

  test('gives records until they are acknowledged, to the next agent too', async () => {
    const first = await attach();
    first.say(configure);
    await first.next('listening');
    ring.add().path = '/one';
    expect(await first.next('observation')).toMatchObject({ seq: 1 });
    const second = await attach();
    await once(first.socket, 'close');
    expect(await second.next('observation')).toMatchObject({
      seq: 1,
      observation: { host: 'host-a', service: 'gateway' },
    });
    second.say({ type: 'ack', seq: 1 });
    second.say({ type: 'status' });
    expect(await second.next('status')).toMatchObject({ buffered: 0, service: 'gateway' });
    second.socket.destroy();
  });

  test('ends the process when it is told to', async () => {
    const agent = await attach();
    agent.say({ type: 'drain', deadlineMs: 0 });
    await agent.next('drained');
    agent.say({ type: 'stop' });
    agent.say({ type: 'status' });
    await agent.next('status');
    expect(stopped).toBe(1);
    agent.socket.destroy();
  });

  test('is not made where another process listens, where a file stands, or beyond 107 bytes', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'control-path' });
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(start(join(file, 'x'))).rejects.toMatchObject({ code: 'control-path' });
    await expect(start(join(folder, 'x'.repeat(120)))).rejects.toMatchObject({ code: 'control-path' });
  });
});
