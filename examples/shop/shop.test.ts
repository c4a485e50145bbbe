import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { exec, minimalEnvironment, postgresFolders, spawnProcess } from '../../src/base/index.js';
import { requires } from '../../test/requires.js';

const it = await requires('postgresql');
const here = new URL('.', import.meta.url).pathname;
const children: ChildProcess[] = [];
let folder = '';
let base = '';
let listener: Server;
let greeted = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shop-'));
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o755);
  const password = join(folder, 'password');
  writeFileSync(password, 'only-for-this-test\n', { mode: 0o644 });
  const names = ['orders-db', 'inventory', 'payments', 'worker', 'catalog', 'orders', 'storefront'] as const;
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
  const addresses = Object.fromEntries(
    names.map((name) => [`${name.toUpperCase().replaceAll('-', '_')}_ADDR`, `127.0.0.1:${ports[name]}`]),
  );
  for (const name of names) {
    const env = minimalEnvironment({ ...addresses, ORDERS_DB_PASSWORD_FILE: password, PORT: String(ports[name]) });
    const args =
      name === 'orders-db'
        ? [join(here, 'database/start-postgres.mjs'), postgresFolders()[0] ?? '', join(folder, 'data'), password]
        : [join(here, name, 'server.mjs')];
    children.push(
      spawnProcess(process.execPath, args, {
        env,
        stdio: 'ignore',
        cwd: '/',
        ...(name === 'orders-db' ? account : {}),
      }),
    );
  }
  base = `http://127.0.0.1:${ports['storefront']}`;
  listener = createServer((socket) => {
    greeted += 1;
    socket.on('error', () => {});
    socket.end('hello\n');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  await until(
    async () => (await fetch(`${base}/`)).ok && (await fetch(`http://127.0.0.1:${ports['orders']}/healthz`)).ok,
  );
}, 120_000);

afterAll(async () => {
  listener.close();
  for (const child of children.filter((one) => one.pid !== undefined)) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await gone;
  }
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('serves customers without a failure', async () => {
  const done = await exec(process.execPath, [join(here, 'traffic.mjs'), '--base', base, '--requests', '36'], {
    timeoutMs: 120_000,
  });
  expect(JSON.parse(done.stdout)).toEqual({ requests: 36, failed: [], again: [] });
});

it('falls to the attack when nobody protects it', async () => {
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const done = await exec(
    process.execPath,
    [join(here, 'attack.mjs'), '--base', base, '--listener', `127.0.0.1:${port}`],
    { timeoutMs: 120_000 },
  );
  const report: { steps: { carriedOut: boolean }[] } = JSON.parse(done.stdout);
  expect(report.steps.map((step) => step.carriedOut)).toEqual([true, true, true, true, true]);
  expect(greeted).toBe(1);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await check().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the shop did not come up');
}
