import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import {
  asRoot,
  eventually,
  get,
  type House,
  house,
  leftOf,
  ourAccounts,
  remove,
  roomy,
  type Running,
  tree,
} from '../house/support.js';
import { buildImages, containerOf, docker, execute, leftInEngine, removeImages } from './engine.js';

const it = await requires('root', 'docker', 'nftables', 'iproute2', 'postgresql-system');
const seen = await requires('root', 'docker', 'nftables', 'iproute2', 'postgresql-system', 'bpftrace');
const ready = it !== it.skip;
const accounts = ourAccounts();

interface Row {
  readonly service: string | null;
  readonly workload: string | null;
  readonly event: { readonly kind: string; readonly path?: string; readonly write?: boolean };
}

describe('the shop, partly in containers', () => {
  let directory = '';
  let home: House;
  let up: Running | undefined;
  let base = '';
  let listener: Server;
  const runs = new Map<string, Running>();

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    await buildImages('inventory', 'catalog');
    cpSync(join(tree, 'examples/shop'), join(directory, 'shop'), { recursive: true });
    listener = createServer((socket) => socket.end('GREETING')).listen(0, '127.66.6.9');
    home = house(asRoot(), directory);
    up = await home.up('www-data');
  });
  afterAll(async () => {
    if (directory === '') return;
    try {
      listener.close();
      const purged = await home.purge();
      expect(purged.status, purged.stdout + purged.stderr).toBe(0);
      await up?.done;
      for (const running of runs.values()) await running.done;
      expect([...(await leftOf(directory, home.instance())), ...(await leftInEngine(home.instance()))]).toEqual([]);
      expect(ourAccounts().filter((name) => !accounts.includes(name))).toEqual([]);
    } finally {
      await removeImages();
      remove(directory);
    }
  });

  function image(service: string, port: number, ...more: string[]): void {
    const words = ['--service', service, '--port', String(port), '--image', `shop-${service}:local`, ...more];
    runs.set(service, home.run(words, [], '/'));
  }
  function command(service: string, port: number, ...more: string[]): void {
    const words = ['--service', service, '--port', String(port), '--user', 'www-data', ...more];
    runs.set(service, home.run(words, [process.execPath, `${service}/server.mjs`], join(directory, 'shop')));
  }
  async function observed(service: string, found: (row: Row) => boolean): Promise<Row> {
    return await eventually(async () => {
      const limits = ['--layer', 'runtime', '--limit', '500', '-o', 'json'];
      const { stdout } = await home.cli('observations', '--service', service, ...limits);
      const observations = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row])); // its schema is ours
      return observations.find(found);
    });
  }

  it('serves a process from a container and a container from a process, each with its identity', async () => {
    image('inventory', 7005);
    command('payments', 7004);
    image('catalog', 7002, '--calls', 'inventory=inventory.shop:7005', '--calls', 'payments=payments.shop:7004');
    command('storefront', 7001, '--publish', '127.0.0.1:0', '--calls', 'catalog=catalog.shop:7002');
    const storefront = runs.get('storefront');
    base = (await storefront?.until((_, err) => /published on (http:\S+)/.exec(err)?.[1])) ?? '';
    // storefront (process) calls catalog (container), which calls inventory (container) and payments (process).
    const answer = await eventually(async () => {
      for (const [name, { child, stderr }] of runs)
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${stderr()}`);
      const got = await get(`${base}/products`);
      return got.status === 200 && got.text.includes('stock') ? got : undefined;
    });
    expect(JSON.parse(answer.text)[0]).toMatchObject({ stock: expect.any(Number) });

    const shown = await home.cli('identity', 'show', 'catalog');
    const engine = await docker();
    expect(shown.stdout).toContain('spiffe://tricordon.local/service/catalog');
    expect(shown.stdout).toMatch(/platform +docker/);
    expect(shown.stdout).toContain((await engine.image('shop-catalog:local'))?.digest);
    expect(shown.stdout).toContain(await containerOf(home.instance(), 'catalog'));
  });

  it('leaves no way around the sidecar once the contract is enforced', async () => {
    for (let index = 0; index < 6; index += 1) await get(`${base}/products`);
    for (const service of ['inventory', 'payments', 'catalog', 'storefront']) {
      const mode = 'runtime=audit,network=enforce,api=enforce';
      const done = await home.cli('contract', 'approve', service, '--mode', mode);
      expect(done.status, done.stderr).toBe(0);
    }
    await eventually(async () => ((await get(`${base}/products`)).status === 200 ? true : undefined));
    const address = listener.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const script = readFileSync(join(import.meta.dirname, 'around.mjs'), 'utf8');
    const catalog = await containerOf(home.instance(), 'catalog');
    const said = await execute(catalog, ['/usr/bin/node', '-e', script, '127.66.6.9', port]);
    const tried = JSON.parse(said.slice(said.indexOf('{'))) as Record<string, unknown>;
    expect(tried).toMatchObject({
      listener: '',
      loopback: '',
      udp: expect.stringMatching(/^E/),
      interfaces: ['lo'],
      engine: 'ENOENT',
      run: ['tricordon'],
      hosts: true,
      write: expect.stringMatching(/^E/),
    });
    expect(String(tried['status']).replaceAll('\t', ' ')).toBe('CapEff: 0000000000000000,NoNewPrivs: 1,Seccomp: 2');
  });

  seen('sees what happens in a container as the doing of its service, by paths of the container', async () => {
    const catalog = await containerOf(home.instance(), 'catalog');
    await execute(catalog, [
      '/bin/sh',
      '-c',
      'echo dropped > /tmp/dropped; read -r line < /shop/catalog/products.json',
    ]);
    const shell = await observed('catalog', ({ event }) => event.kind === 'exec' && event.path === '/bin/sh');
    expect(shell.workload).toMatch(/^catalog-/);
    await observed(
      'catalog',
      ({ event }) => event.kind === 'open' && event.path === '/tmp/dropped' && event.write === true,
    );
    await observed('catalog', ({ event }) => event.kind === 'open' && event.path === '/shop/catalog/products.json');
    // The first instruction of the container was seen, nothing of the runtime that built it.
    const first = await observed('inventory', ({ event }) => event.kind === 'exec');
    expect(first.event.path).toBe('/usr/bin/node');
  });

  seen('contains an attacked container: paused, evidence with the file it dropped, cut off, made anew', async () => {
    const before = await containerOf(home.instance(), 'catalog');
    const address = listener.address();
    const at = `127.66.6.9:${typeof address === 'object' ? address?.port : ''}`;
    await exec(process.execPath, [join(directory, 'shop/attack.mjs'), '--base', base, '--listener', at], {
      timeoutMs: 60_000,
    });
    const incident = await eventually(async () => {
      const { incidents } = await home.json<{ incidents: { id: string; services: string[] }[] }>('incidents', 'list');
      return incidents.find((row) => row.services.includes('catalog'));
    });
    const applied = await home.json<{ actions: { kind: string; service: string; status: string; detail: string }[] }>(
      ...['respond', 'apply', incident.id],
    );
    const done = applied.actions.filter((action) => action.service === 'catalog');
    expect(done.map(({ kind, status }) => `${kind} ${status}`)).toEqual(
      ['pause', 'collect', 'isolate', 'revoke', 'restart'].map((kind) => `${kind} done`),
    );

    const folder = join(home.data, 'evidence');
    const bundle = readdirSync(folder).find((name) => readdirSync(join(folder, name)).includes('container.json')) ?? '';
    expect((await home.cli('forensics', 'verify', bundle)).status).toBe(0);
    const container = JSON.parse(readFileSync(join(folder, bundle, 'container.json'), 'utf8')) as {
      container: string;
      changes: { path: string; kind: string }[];
      environmentNames: string[];
    };
    expect(container.container).toBe(before);
    expect(container.changes).toContainEqual({ path: '/tmp/dropped', kind: 'added' });
    expect(container.environmentNames).toContain('SPIFFE_ENDPOINT_SOCKET');
    expect(readFileSync(join(folder, bundle, 'logs/container.log'), 'utf8')).toContain('listening on 7002');
    expect(readdirSync(join(folder, bundle, 'processes')).some((name) => name.endsWith('.memory'))).toBe(true);

    // A new container of the same image, without what was dropped, serves again.
    const after = await containerOf(home.instance(), 'catalog');
    expect(after).not.toBe(before);
    const engine = await docker();
    expect((await engine.inspect(after))?.Image).toBe((await engine.image('shop-catalog:local'))?.digest);
    expect((await engine.changes(after)).map(({ path }) => path)).not.toContain('/tmp/dropped');
    await eventually(async () => ((await get(`${base}/products`)).status === 200 ? true : undefined));
  });

  it('ends with the status of the container, and takes everything of it away', async () => {
    const inventory = runs.get('inventory');
    inventory?.child.kill('SIGTERM');
    expect((await inventory?.done)?.status).toBe(137); // it has no handler, and a first process is not ended without one
    const engine = await docker();
    await eventually(async () => {
      const left = await engine.list([`tricordon.instance=${home.instance()}`, 'tricordon.part=holder']);
      return left.length === 1 ? true : undefined;
    });
  });
});
