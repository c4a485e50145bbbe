/** A contract as a table of nftables: the kernel loads it, and packets between network namespaces obey. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec, spawnProcess } from '../../../src/base/index.js';
import { requires } from '../../requires.js';

const it = await requires('root', 'nftables', 'iproute2');
const usable = process.getuid?.() === 0;

const [app, peer] = [`tcn-a-${process.pid}`, `tcn-b-${process.pid}`];
const [own, friend, stranger] = ['192.0.2.1', '192.0.2.10', '192.0.2.20'];
const cleanups: (() => unknown)[] = [];
let folder = '';

async function must(...words: string[]): Promise<string> {
  const [command = '', ...args] = words;
  const done = await exec(command, args, { timeoutMs: 60_000 });
  if (done.status !== 0) throw new Error(`${words.join(' ')}: ${done.stderr}`);
  return done.stdout;
}
const within = (namespace: string, ...words: string[]) =>
  exec('ip', ['netns', 'exec', namespace, ...words], { timeoutMs: 60_000 });

/** Listens on TCP and UDP of every address, answers what it is asked. */
const server = `
const net = require('node:net'), dgram = require('node:dgram');
const ports = process.argv.slice(1).map(Number);
let left = ports.length * 2;
const ready = () => { left -= 1; if (left === 0) console.log('ready'); };
for (const port of ports) {
  net.createServer((socket) => { socket.on('error', () => {}); socket.pipe(socket); }).listen(port, '::', ready);
  const udp = dgram.createSocket({ type: 'udp6' });
  udp.on('message', (text, from) => udp.send(text, from.port, from.address));
  udp.bind(port, ready);
}`;
/** Says \`reached\`, or how it was refused. */
const client = `
const net = require('node:net'), dgram = require('node:dgram');
const [kind, host, port] = process.argv.slice(1);
const say = (text) => { console.log(text); process.exit(0); };
setTimeout(() => say('silence'), 3000);
if (kind === 'tcp') {
  const socket = net.connect(Number(port), host, () => socket.write('x'));
  socket.on('data', () => say('reached')).on('error', (error) => say(error.code));
} else {
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  socket.on('message', () => say('reached')).on('error', (error) => say(error.code));
  socket.connect(Number(port), host, () => socket.send('x', (error) => error && say(error.code)));
}`;

async function serve(namespace: string, ports: readonly number[]): Promise<void> {
  const words = ['netns', 'exec', namespace, process.execPath, '-e', server, ...ports.map(String)];
  const child = spawnProcess('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
}

async function reach(from: string, kind: 'tcp' | 'udp', host: string, port: number): Promise<string> {
  return (await within(from, process.execPath, '-e', client, kind, host, String(port))).stdout.trim();
}

beforeAll(async () => {
  if (!usable) return;
  folder = mkdtempSync(join(tmpdir(), 'tc-nft-'));
  for (const namespace of [app, peer]) {
    await must('ip', 'netns', 'add', namespace);
    cleanups.push(() => exec('ip', ['netns', 'delete', namespace]));
    await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  }
  await must('ip', 'link', 'add', 'eth0', 'netns', app, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer);
  const give = (namespace: string, address: string) =>
    must('ip', '-n', namespace, 'address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []));
  for (const address of [`${own}/24`, 'fd00:db8::1/64']) await give(app, address);
  for (const address of [`${friend}/24`, `${stranger}/24`, 'fd00:db8::10/64', 'fd00:db8::20/64'])
    await give(peer, address);
  for (const namespace of [app, peer]) await must('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
  await serve(peer, [443, 8_443, 53]);
  await serve(app, [8_080, 9_090]);
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

const contract = (mode: string, more = '') => `apiVersion: tricordon/v1
kind: Contract
service: app
mode: { runtime: off, network: ${mode}, api: off }
network:
  ingress: [{ id: web, from: { service: web }, ports: [tcp/8080] }]
  egress:
    - { id: friend, to: { cidr: ${friend}/32 }, ports: [tcp/443, tcp/8443, udp/53] }
    - { id: six, to: { cidr: "fd00:db8::10/128" }, ports: [tcp/443] }
${more}`;
const place = `services:
  app: { alone: true }
  web: { addresses: [${friend}] }
`;

/** Compiled by the command, loaded by the kernel, in the namespace of the service. */
async function load(text: string, placed = place): Promise<void> {
  writeFileSync(join(folder, 'app.yaml'), text);
  writeFileSync(join(folder, 'place.yaml'), placed);
  const out = join(folder, 'out');
  rmSync(out, { recursive: true, force: true });
  const words = ['contract', 'compile', 'app', '--contracts', join(folder, 'app.yaml'), '--target', 'nftables'];
  const done = await exec(
    process.execPath,
    [resolve('bin/tricordon.mjs'), ...words, '--place', join(folder, 'place.yaml'), '--out', out],
    { timeoutMs: 60_000 },
  );
  expect([done.status, done.stderr]).toEqual([0, '']);
  const file = join(out, 'tricordon-app.nft');
  for (const flags of [['-c'], []]) {
    const loaded = await within(app, 'nft', ...flags, '-f', file);
    expect([loaded.status, loaded.stderr]).toEqual([0, '']);
  }
  // The kernel says back what was written: nothing was left out.
  const listed = (await within(app, 'nft', 'list', 'table', 'inet', 'tricordon_app')).stdout;
  const accepts = (given: string) => given.match(/comment "[a-z]+"/g)?.length;
  expect(accepts(listed)).toBe(accepts(readFileSync(file, 'utf8')));
}

describe('a service in a network namespace of its own', () => {
  it('reaches what its contract lists, by address, port and protocol, and nothing else', async () => {
    expect(await reach(app, 'tcp', stranger, 443)).toBe('reached');
    await load(contract('enforce'));
    expect(await reach(app, 'tcp', friend, 443)).toBe('reached');
    expect(await reach(app, 'udp', friend, 53)).toBe('reached');
    expect(await reach(app, 'tcp', 'fd00:db8::10', 443)).toBe('reached');
    expect(await reach(app, 'tcp', friend, 53)).toBe('ECONNREFUSED');
    expect(await reach(app, 'tcp', stranger, 443)).toBe('ECONNREFUSED');
    expect(await reach(app, 'tcp', 'fd00:db8::20', 443)).toBe('ECONNREFUSED');
    expect(await reach(app, 'udp', stranger, 53)).not.toBe('reached');
    expect(await reach(app, 'udp', 'fd00:db8::10', 53)).not.toBe('reached');
    // It talks with itself.
    expect(await reach(app, 'tcp', '127.0.0.1', 9_090)).toBe('reached');
  });

  it('is reached by whom its contract lists, on the ports of it', async () => {
    await load(contract('enforce'));
    const from = (source: string) =>
      within(
        peer,
        process.execPath,
        '-e',
        client.replace('Number(port), host', '{ port: Number(port), host, localAddress: process.argv[4] }'),
        'tcp',
        own,
        '8080',
        source,
      );
    expect((await from(friend)).stdout.trim()).toBe('reached');
    expect((await from(stranger)).stdout.trim()).toBe('silence');
    expect(await reach(peer, 'tcp', own, 9_090)).toBe('silence');
    expect(await reach(peer, 'udp', own, 8_080)).toBe('silence');
    expect(await reach(peer, 'tcp', 'fd00:db8::1', 8_080)).toBe('silence');
  });

  it('a deny is asked before any allow', async () => {
    const deny = `deny: [{ id: no, layer: network, to: { cidr: ${friend}/31 }, ports: [tcp/8443, udp/53] }]\n`;
    await load(contract('enforce', deny));
    expect(await reach(app, 'tcp', friend, 443)).toBe('reached');
    expect(await reach(app, 'tcp', friend, 8_443)).toBe('ECONNREFUSED');
    expect(await reach(app, 'udp', friend, 53)).not.toBe('reached');
  });

  it('in audit everything passes', async () => {
    await load(contract('audit'));
    expect(await reach(app, 'tcp', stranger, 443)).toBe('reached');
    expect(await reach(peer, 'tcp', own, 9_090)).toBe('reached');
    const listed = (await within(app, 'nft', 'list', 'table', 'inet', 'tricordon_app')).stdout;
    expect(listed).toContain('log prefix "tricordon app egress "');
  });

  it('a table that is loaded anew keeps connections that it allows, and ends those that it does not', async () => {
    await load(contract('enforce'));
    const held = `
const net = require('node:net');
const open = (port) => new Promise((done) => {
  const socket = net.connect(port, '${friend}', () => done(socket));
});
Promise.all([443, 8443].map(open)).then((sockets) => {
  console.log('open');
  process.stdin.once('data', () => {
    sockets.forEach((socket, index) => {
      socket.on('data', () => console.log(index, 'goes on')).on('error', (error) => console.log(index, error.code));
      socket.write('x');
    });
  });
});`;
    const child = spawnProcess('ip', ['netns', 'exec', app, process.execPath, '-e', held], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    cleanups.push(() => child.kill('SIGKILL'));
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('no streams');
    let said = '';
    stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const until = async (text: string) => {
      while (!said.includes(text)) await once(stdout, 'data');
    };
    await until('open');
    await load(
      contract('enforce', `deny: [{ id: no, layer: network, to: { cidr: ${friend}/32 }, ports: [tcp/8443] }]\n`),
    );
    stdin.write('go\n');
    await until('0 goes on');
    await until('1 ECONN');
  });
});

describe('a service under an account of its own', () => {
  it('sends what its contract lists, while others send what they like', async () => {
    await must('ip', 'netns', 'exec', app, 'nft', 'delete', 'table', 'inet', 'tricordon_app');
    const text = `${contract('enforce').replace(/ {2}ingress.*\n/, '')}runtime: { user: { uid: 64321 } }\n`;
    await load(text, `services: { web: { addresses: [${friend}] } }\n`);
    const as = (...words: string[]) =>
      within(app, 'setpriv', '--reuid=64321', '--clear-groups', process.execPath, '-e', client, ...words);
    expect((await as('tcp', friend, '443')).stdout.trim()).toBe('reached');
    expect((await as('tcp', stranger, '443')).stdout.trim()).toBe('ECONNREFUSED');
    expect((await as('tcp', '127.0.0.1', '9090')).stdout.trim()).toBe('ECONNREFUSED');
    expect(await reach(app, 'tcp', stranger, 443)).toBe('reached');
  });
});
