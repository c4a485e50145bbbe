/** Sidecar and gateway started under their own contract: requests pass, and what a stranger in their process tries does not. */
import { chownSync, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { contractDescriptor } from '../../../src/agent/confine/index.js';
import { spawnProcess } from '../../../src/base/index.js';
import { handOver } from '../../../src/cli/held-contract.js';
import { parseContract } from '../../../src/contract/index.js';
import { serviceId } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { eventually, follow, get, remove, roomy, type Running } from '../house/support.js';
import { approved, contract, type House, openHouse, type PlaneProcess, trustDomain } from '../traffic/house.js';
import { account, committed, expectNothingPlanted, expectUnheld, plantProgram, refused, said } from './support.js';

const it = await requires('root', 'landlock');
const ready = process.getuid?.() === 0 && it !== it.skip;
const loopback = { address: '127.0.0.1', port: 0 };

let directory = '';
let house: House;
let server: Server;
let url = '';
const held: Running[] = [];

beforeAll(async () => {
  if (!ready) return;
  directory = roomy();
  mkdirSync(join(directory, 'p'), { mode: 0o700 });
  chownSync(join(directory, 'p'), account.uid, account.gid);
  await plantProgram(directory, account);
  server = createServer((_request, answer) => answer.end('from the shop')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP listener's address
  house = await openHouse();
  const [shop, gateway] = [await plane('shop'), await plane('gateway')];
  await furnish(shop, gateway, port);
});
afterAll(async () => {
  if (!ready) return;
  await house.close();
  for (const one of held) {
    one.child.kill('SIGKILL');
    await one.done;
  }
  server.close();
  remove(directory);
});

/** As the launcher of `run` starts a command: first the contract, then the program in its place. */
async function plane(name: string): Promise<PlaneProcess> {
  const program = join(directory, 'program');
  const path = join(directory, 'p', `${name}.sock`);
  const launcher = [join(program, 'dist/agent/confine/launcher.js'), '--contract'];
  const words = [
    '--import',
    join(program, 'dist/intruder.mjs'),
    join(program, 'dist/traffic/main.js'),
    '--control',
    path,
  ];
  const user = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--'];
  const child = spawnProcess('setpriv', [...user, process.execPath, ...launcher, process.execPath, ...words], {
    stdio: Array.from({ length: contractDescriptor + 1 }, () => 'pipe' as const),
    cwd: '/',
  });
  held.push(follow(child));
  const rules = await handOver(child, approved(parseContract(committed('data-plane.yaml', directory))));
  expect(rules?.landlock).toBeGreaterThan(0);
  // The kernel's rules take the folder for its files: that of the control sockets, and no other.
  expect(rules?.gaps.map(({ what }) => what)).toEqual([expect.stringContaining(`(${join(directory, 'p')})`)]);
  const made = house.attach(path);
  await made.connect();
  return made;
}

/** A gateway that publishes one service. */
async function furnish(shop: PlaneProcess, gateway: PlaneProcess, port: number): Promise<void> {
  const common = { type: 'configure' as const, host: 'host-a', identity: null, workload: null };
  const target = { kind: 'address' as const, address: '127.0.0.1', port };
  const identity = serviceId(trustDomain, 'shop');
  const sidecar = { ...common, role: 'sidecar' as const, service: 'shop', workload: 'shop-host-a-00000001', identity };
  const shopAt = await shop.ask({ ...sidecar, inbound: { listen: loopback, target } }, 'listening');
  if (shopAt.inbound === null) throw new Error('not listening');
  house.endpoints.set('shop', [shopAt.inbound]);
  const publishes = [{ listen: loopback, service: 'shop' }];
  const door = await gateway.ask({ ...common, role: 'gateway', service: 'gateway', publishes }, 'listening');
  url = `http://127.0.0.1:${door.publishes[0]?.listen.port}`;
  const from = [{ builtin: 'public' as const }];
  house.contracts.set(
    'shop',
    approved(
      contract('shop', 'enforce', {
        network: { ingress: [{ id: 'in', from: { builtin: 'public' }, ports: [`tcp/${port}`] }] },
        api: { serves: [{ id: 'page', methods: ['GET'], path: '/page', from }] },
      }),
    ),
  );
  for (const [each, service] of [
    [shop, 'shop'],
    [gateway, 'gateway'],
  ] as const)
    house.identify(each, service);
  await house.publish();
}

describe('sidecar and gateway under their own contract', () => {
  it('pass what the contract of the service allows, and refuse the rest', async () => {
    expect(await get(`${url}/page`)).toEqual({ status: 200, text: 'from the shop' });
    expect((await get(`${url}/other`)).status).toBe(403);
    for (let round = 0; round < 50; round += 1) expect((await get(`${url}/page`)).status).toBe(200);
  });

  it('are refused what a stranger in their process tries, and go on', async () => {
    await expectUnheld(directory, account);
    for (const one of held) {
      one.child.kill('SIGUSR2');
      expect(await one.until(said('tried'))).toEqual(refused);
    }
    expectNothingPlanted(directory);
    expect(await eventually(async () => ((await get(`${url}/page`)).status === 200 ? true : undefined))).toBe(true);
  });
});
