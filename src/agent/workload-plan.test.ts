import { expect, test } from 'vitest';
import { captureSpec, environmentOf } from './workload-plan.js';
import { WorkloadRequest } from './local-protocol.js';

const request = WorkloadRequest.parse({
  service: 'orders',
  command: ['node', 'main.js'],
  port: 8080,
  publish: null,
  calls: [
    { service: 'catalog', host: 'catalog', port: 8081, env: 'CATALOG' },
    { service: 'ledger', host: 'ledger', port: 8082 },
  ],
  operator: 'olga',
  uid: 1000,
  gid: 1000,
  cwd: '/srv/orders',
  codeDirectory: '/',
  image: null,
  nodePath: '/usr/bin/node',
  programDir: '/opt/tricordon',
});
const settings = { instance: '0123abcd', runtimeDir: '/run/tc', hideDirs: ['/var/lib/tc'] };
const where = { id: 'orders-host-1', workloadApiSocket: '/run/tc/w/1/api.sock', tracer: undefined };

test('a command keeps sight of its code and working directory, never of everything', () => {
  expect(captureSpec(settings, request, where).keepPaths).toEqual(['/srv/orders']);
  const traced = captureSpec(settings, request, { ...where, tracer: { words: ['strace'], folder: '/run/tc/t/1' } });
  expect(traced.keepPaths).toEqual(['/srv/orders', '/run/tc/t/1']);
  expect(traced.hideDirs).toEqual(['/var/lib/tc']);
});

test('a command finds its identity, and those of its calls that it names, where the sidecar listens', () => {
  const routes = [8081, 8082].map((port, index) => ({
    service: index === 0 ? 'catalog' : 'ledger',
    host: index === 0 ? 'catalog' : 'ledger',
    port,
    listen: { address: '127.0.0.1', port: 40_000 + index },
  }));
  expect(environmentOf(request, { routes }, where.workloadApiSocket)).toEqual({
    SPIFFE_ENDPOINT_SOCKET: 'unix:///run/tc/w/1/api.sock',
    CATALOG: '127.0.0.1:40000',
  });
});
