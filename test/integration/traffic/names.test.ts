/** Connections of a captured workload to names outside: real resolvers inside, the product's rules, inlet and sidecar. */
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { spawnPlane, stopPlane } from '../../../src/agent/confine/index.js';
import { resolverFile } from '../../../src/agent/confine/dns-over-tcp.js';
import { setup } from '../../../src/agent/confine/netns.js';
import { ruleset } from '../../../src/agent/confine/ruleset.js';
import { environment, exec } from '../../../src/base/index.js';
import type { Contract, Observation } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { approved, contract, type House, openHouse, type PlaneProcess } from './house.js';

const it = await requires('root', 'nftables', 'iproute2', 'python', 'curl', 'openssl');
const usable = process.getuid?.() === 0;

const namespace = `ttn-${process.pid}`;
const redirectPort = 15_001;
/** Documentation's (RFC 5737), on this host's loopback while the test runs. */
const address = '203.0.113.9';
const port = 8_099;
const cleanups: (() => unknown)[] = [];
let house: House;
let shop: PlaneProcess;
let resolver = '';

async function must(command: string, ...args: string[]): Promise<void> {
  const result = await exec(command, args);
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
}

/** As the product starts a command: with a resolver file of its own. */
function inside(...command: string[]) {
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const words = ['netns', 'exec', namespace, 'unshare', '--mount', 'sh', '-c', script, resolver, ...command];
  return exec('ip', words, { timeoutMs: 60_000 });
}

beforeAll(async () => {
  if (!usable) return;
  house = await openHouse();
  const server = createServer((request, response) => response.end(`hello ${request.headers.host}`));
  await must('ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
  cleanups.push(() => exec('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']));
  server.listen(port, address);
  await once(server, 'listening');
  cleanups.push(() => server.close());
  await must('ip', 'netns', 'add', namespace);
  cleanups.push(() => exec('ip', ['netns', 'delete', namespace]));
  await must('ip', 'netns', 'exec', namespace, 'sh', '-c', setup);
  const rules = join(house.folder, 'rules.nft');
  writeFileSync(rules, ruleset({ redirectPort, addresses: [], port: null }));
  await must('ip', 'netns', 'exec', namespace, 'nft', '-f', rules);
  resolver = join(house.folder, 'resolv.conf');
  writeFileSync(resolver, resolverFile);
  // The sidecar's host knows these names; it is this test's own view of /etc/hosts.
  const hosts = join(house.folder, 'hosts');
  const names = ['db.example', 'other.example', 'a.cdn.example', 'b.cdn.example', 'moved.example'];
  writeFileSync(hosts, `127.0.0.1 localhost trick.example\n${address} ${names.join(' ')}\n`);
  const node = join(house.folder, 'node');
  writeFileSync(
    node,
    `#!/bin/sh\nexec unshare --mount sh -c 'mount --bind ${hosts} /etc/hosts && exec "$@"' - ${process.execPath} "$@"\n`,
  );
  chmodSync(node, 0o755);
  const control = join(house.folder, 'shop.sock');
  const pair = await spawnPlane({
    place: { kind: 'netns', name: namespace },
    redirectPort,
    nodePath: node,
    programDir: dirname(resolve(environment('TEST_DIST') ?? 'dist')),
    control,
    log: join(house.folder, 'shop.log'),
  });
  cleanups.push(() => stopPlane(pair));
  shop = house.attach(control);
  await shop.connect();
  const outbound = { captured: true, routes: [] };
  const common = { host: 'host-a', identity: null, workload: null, service: 'shop' };
  let at = await shop.ask({ type: 'configure', role: 'sidecar', ...common, outbound }, 'listening');
  while (!at.captured) at = await shop.wait('listening');
  house.identify(shop, 'shop');
});

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  if (usable) await house.close();
});

type Egress = NonNullable<NonNullable<Contract['network']>['egress']>;
const to = (host: string, ports = [`tcp/${port}`]): Egress[number] => ({
  id: host.replaceAll(/[*.]/g, ''),
  to: { host },
  ports,
});

async function holding(egress: Egress, more: Partial<Contract> = {}, mode: Contract['mode']['network'] = 'enforce') {
  house.contracts.set('shop', approved(contract('shop', mode, { network: { egress }, ...more })));
  await house.publish();
}

const curl = (url: string, ...more: string[]) => inside('curl', '-sS', '--max-time', '20', ...more, url);
const addressOf = async (name: string) => (await inside('getent', 'ahostsv4', name)).stdout.split(/\s/)[0];
const flowTo = (name: string, effect: string) => (one: Observation) =>
  one.event.kind === 'flow' && one.event.address === name && one.event.verdict.effect === effect;

it('a name that the contract lists has an address, and is reached by it', async () => {
  await holding([to('db.example'), to('*.cdn.example', ['tcp/443', `tcp/${port}`])]);
  const virtual = await addressOf('DB.example');
  expect(virtual).toMatch(/^198\.19\./);
  expect((await curl(`http://db.example:${port}/`)).stdout).toBe(`hello db.example:${port}`);
  expect((await curl(`http://a.cdn.example:${port}/`)).stdout).toBe(`hello a.cdn.example:${port}`);
  const seen = await shop.observed(flowTo('db.example', 'allow'));
  expect(seen.event).toMatchObject({ port, mtls: false, verdict: { clause: 'dbexample' } });
  expect(seen.join.socket?.peer).toEqual({ address: virtual, port });
});

it('resolvers that ask over UDP are sent to TCP', async () => {
  const script = 'require("dns").promises.resolve4("db.example").then((all) => console.log(all.join()))';
  const answer = await inside(process.execPath, '-e', script);
  expect(answer.stdout.trim()).toBe(await addressOf('db.example'));
  const python = 'import socket; print(socket.gethostbyname("db.example"))';
  expect((await inside('python3', '-c', python)).stdout.trim()).toBe(await addressOf('db.example'));
});

it('any other name is refused, asked of nobody, and recorded', async () => {
  expect((await inside('getent', 'ahostsv4', 'c2hlbGw.exfil.example')).status).not.toBe(0);
  expect((await curl(`http://other.example:${port}/`)).status).not.toBe(0);
  const seen = await shop.observed(flowTo('c2hlbgw.exfil.example', 'deny'));
  expect(seen.event).toMatchObject({ port: 53, verdict: { reason: 'peer-not-listed' } });
  // The name is allowed, this port of it is not.
  expect((await curl('http://db.example:4444/')).status).not.toBe(0);
  await shop.observed(
    (one) => flowTo('db.example', 'deny')(one) && one.event.kind === 'flow' && one.event.port === 4_444,
  );
});

it('a connection that asks for another name than it went to needs leave for both', async () => {
  const host = (name: string) => curl(`http://db.example:${port}/`, '-H', `Host: ${name}`);
  expect((await host('other.example')).status).not.toBe(0);
  await shop.observed(flowTo('other.example', 'deny'));
  expect((await host('a.cdn.example')).stdout).toBe('hello a.cdn.example');
  const virtual = await addressOf('db.example');
  const hello = (name: string) =>
    inside('openssl', 's_client', '-connect', `${virtual}:${port}`, '-servername', name, '-brief');
  await hello('hidden.example');
  await shop.observed(flowTo('hidden.example', 'deny'));
  // One that is allowed gets to the server, which speaks no TLS.
  expect((await hello('db.example')).stderr).toMatch(/wrong version number|packet length/);
});

it('an address alone is no name, unless this host finds it under the name that is asked for', async () => {
  const byAddress = (name: string) => curl(`http://${address}:${port}/`, '-H', `Host: ${name}`);
  expect((await byAddress('db.example')).stdout).toBe('hello db.example');
  expect((await byAddress('other.example')).status).not.toBe(0);
  expect((await byAddress(address)).status).not.toBe(0);
  expect((await curl('http://198.19.77.77:80/')).status).not.toBe(0);
});

it('a deny of an address holds, whatever name leads there; a name that leads back to this host has none', async () => {
  await holding([to('db.example'), to('trick.example')], {
    deny: [{ id: 'no-docs', layer: 'network', to: { cidr: '203.0.113.0/24' } }],
  });
  expect((await curl(`http://db.example:${port}/`)).status).not.toBe(0);
  const denied = await shop.observed(
    (one) => flowTo('db.example', 'deny')(one) && one.event.kind === 'flow' && one.event.verdict.clause === 'no-docs',
  );
  expect(denied.event).toMatchObject({ verdict: { reason: 'explicit-deny' } });
  expect((await inside('getent', 'ahostsv4', 'trick.example')).status).not.toBe(0);
});

it('while it learns, names pass and are told by name', async () => {
  await holding([], {}, 'learn');
  expect((await curl(`http://moved.example:${port}/`)).stdout).toBe(`hello moved.example:${port}`);
  await shop.observed(flowTo('moved.example', 'would-deny'));
  expect((await inside('getent', 'ahostsv4', 'nowhere.invalid')).status).not.toBe(0);
});
