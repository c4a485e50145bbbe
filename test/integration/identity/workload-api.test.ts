import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exec, inheritedEnvironment, spawnProcess, systemClock, which } from '../../../src/base/index.js';
import {
  type CertificateAuthority,
  createSvidSource,
  openCertificateAuthority,
  serveWorkloadApi,
  type SvidSource,
  tlsClientOptions,
  tlsServerOptions,
  verifySocket,
  type WorkloadApi,
} from '../../../src/identity/index.js';
import { lacking, requires } from '../../requires.js';

const peer = resolve('bench/.cache/identity-peer/identity-peer');
const unfetched = await fetchPackages();
const it = unfetched === undefined ? await requires('go') : lacking([unfetched]);
const orders = 'spiffe://shop.test/service/orders';
const payments = 'spiffe://shop.test/service/payments';

let base: string;
let ca: CertificateAuthority;
const children: ChildProcess[] = [];
const apis: WorkloadApi[] = [];
const sources: SvidSource[] = [];

beforeAll(async () => {
  if (it !== test) return;
  const built = await go('build', '-trimpath', '-o', peer, '.');
  if (built.status !== 0) throw new Error(`the foreign workload was not built: ${built.stderr}`);
  base = mkdtempSync(join(tmpdir(), 'tc-id-'));
  ca = await openCertificateAuthority({ directory: join(base, 'ca'), trustDomain: 'shop.test', clock: systemClock });
});
afterAll(async () => {
  if (it !== test) return;
  for (const child of children) child.kill('SIGKILL');
  for (const source of sources) source.stop();
  for (const api of apis) await api.close();
  rmSync(base, { recursive: true, force: true });
});

it('go-spiffe takes its identity from our socket and follows a rotation', async () => {
  const workload = await serveIdentity(orders);
  const lines = run('watch', workload.api.socketPath);
  const first = await lines.next();
  expect(first).toMatchObject({ id: orders, chain: 1, bundles: ['shop.test'] });
  expect(first['notAfter']).toBe(workload.source.current()?.notAfter);
  await workload.source.renewNow();
  const second = await lines.next();
  expect(second).toMatchObject({ id: orders });
  expect(second['serial']).not.toBe(first['serial']);
  workload.withdraw();
  expect(await lines.next()).toEqual({ error: 'PermissionDenied' });
  lines.child.kill('SIGKILL');
});

it('go-spiffe is told plainly that JWT-SVIDs are not offered', async () => {
  const workload = await serveIdentity(orders);
  expect(await run('jwt', workload.api.socketPath).next()).toEqual({ error: 'Unimplemented' });
});

it('two foreign workloads speak mutual TLS with our identities, and a third is refused', async () => {
  const server = await serveIdentity(payments);
  const listening = run('serve', server.api.socketPath, orders);
  const { listening: address } = await listening.next();
  const client = await serveIdentity(orders);
  expect(await run('call', client.api.socketPath, payments, String(address)).next()).toEqual({
    answer: `hello ${orders}\n`,
  });
  const stranger = await serveIdentity('spiffe://shop.test/service/stranger');
  const refused = run('call', stranger.api.socketPath, payments, String(address));
  expect(await listening.next()).toEqual({ refused: expect.stringContaining('unexpected ID') });
  await once(refused.child, 'exit');
  expect(refused.child.exitCode).toBe(1);
});

it('our own TLS and a foreign workload know each other, both ways', async () => {
  const foreign = await serveIdentity(payments);
  const own = await serveIdentity(orders);
  const svid = own.source.current();
  if (svid === undefined) throw new Error('no identity');
  const bundles = { 'shop.test': ca.bundle() };

  const { listening } = await run('serve', foreign.api.socketPath, orders).next();
  const port = Number(String(listening).split(':')[1]);
  const socket = connect({ host: '127.0.0.1', port, ...tlsClientOptions({ svid, bundles, expectedId: payments }) });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'close');
  expect(text).toBe(`hello ${orders}\n`);

  const results: unknown[] = [];
  const server = createServer(tlsServerOptions({ svid, bundles, clientCertificate: 'required' }), (accepted) => {
    const result = verifySocket(accepted, bundles, systemClock.now());
    results.push(result);
    accepted.end(result.kind === 'ok' ? `hello ${result.service}\n` : '\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: ours } = server.address() as AddressInfo;
  expect(await run('call', foreign.api.socketPath, orders, `127.0.0.1:${ours}`).next()).toEqual({
    answer: 'hello payments\n',
  });
  expect(results).toMatchObject([{ kind: 'ok', id: payments }]);
  server.close();
});

async function serveIdentity(id: string) {
  const source = createSvidSource({
    clock: systemClock,
    expectedId: id,
    renew: async (publicKey) => ca.issueSvid({ id, publicKey }).chainPem,
  });
  sources.push(source);
  await source.start();
  let withdrawn = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  source.onChange(tell);
  const api = await serveWorkloadApi({
    socketPath: join(base, `${apis.length}.sock`),
    state: () => {
      const svid = source.current();
      if (svid === undefined) return { kind: 'starting' };
      return { kind: 'ready', svids: withdrawn ? [] : [svid], bundles: { 'shop.test': ca.bundle() } };
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    jitterMs: 10,
  });
  apis.push(api);
  const withdraw = (): void => {
    withdrawn = true;
    tell();
  };
  return { api, source, withdraw };
}

/** Starts the foreign workload; `next` is its next line of output. */
function run(...args: string[]) {
  const child = spawnProcess(peer, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the workload ended with ${child.exitCode}`);
    return JSON.parse(line.value);
  };
  return { child, next };
}

/** Of go-spiffe, into Go's own cache: says what is missing where that cannot be done. */
async function fetchPackages(): Promise<string | undefined> {
  if (which('go') === undefined) return undefined; // `requires` has the words for that
  const fetched = await go('mod', 'download');
  return fetched.status === 0
    ? undefined
    : `go-spiffe: its packages cannot be fetched: ${fetched.stderr.slice(0, 200)}`;
}

/** The first time Go's standard library is compiled as well, which takes minutes on a busy machine. */
function go(...args: string[]) {
  mkdirSync('bench/.cache/identity-peer', { recursive: true });
  return exec('go', args, {
    cwd: 'test/integration/identity/peer',
    env: { ...inheritedEnvironment(), GOFLAGS: '-mod=readonly -buildvcs=false' },
    timeoutMs: 1_200_000,
  });
}
