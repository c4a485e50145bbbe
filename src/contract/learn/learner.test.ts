import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Contract, type Event, Observation } from '../../model/index.js';
import { checkContract } from '../check.js';
import { compileContract } from '../compile/compile.js';
import { contractDigest } from '../digest.js';
import { initialVersion } from '../initial.js';
import { filePatternsOf } from './file-patterns.js';
import { learner } from './learner.js';
import { templatesOf } from './path-templates.js';

let number = 0;
const learning = { effect: 'would-deny', contract: 'payments', version: 0, clause: null, reason: 'learning' } as const;

function seen(event: Event, over: Partial<Observation> = {}): Observation {
  number += 1;
  return Observation.parse({
    id: `h:b:${number}`,
    at: number,
    host: 'h',
    layer: 'api',
    service: 'payments',
    workload: 'payments-h-1',
    identity: null,
    source: 'sidecar',
    join: {},
    event,
    ...over,
  });
}

const request = (peer: string | undefined, method: string, path: string, status = 200, over: object = {}) =>
  seen({
    kind: 'request',
    direction: 'in',
    method,
    path,
    status,
    ...(peer === undefined ? {} : { peer }),
    verdict: learning,
    ...over,
  });
const exec = (path: string, over: object = {}) => seen({ kind: 'exec', path, args: [], ...over });
const open = (path: string, write = false, over: object = {}) => seen({ kind: 'open', path, write, ...over });
const flow = (direction: 'in' | 'out', over: object) =>
  seen({ kind: 'flow', direction, address: '127.0.0.1', port: 7004, mtls: true, verdict: learning, ...over });

function learnt(...observations: Observation[]): Contract {
  const learn = learner('payments');
  for (const observation of observations) learn.add(observation);
  const { contract } = learn.proposal();
  expect(Contract.parse(contract)).toEqual(contract);
  expect(checkContract(contract).filter(({ level }) => level === 'error')).toEqual([]);
  return contract;
}

describe('learning', () => {
  test('operations are learned with typed paths, and several callers of one operation share a clause', () => {
    const contract = learnt(
      ...[1, 2, 3].map((id) => request('orders', 'GET', `/charges/${id}`)),
      request('gateway', 'GET', '/charges/4'),
      request('orders', 'POST', '/charges'),
      request('orders', 'GET', '/charges/export'),
    );
    expect(contract.api?.serves).toEqual([
      { id: 'get-charges-export', methods: ['GET'], path: '/charges/export', from: [{ service: 'orders' }] },
      {
        id: 'get-charges-id',
        methods: ['GET'],
        path: '/charges/{id:int}',
        from: [{ builtin: 'public' }, { service: 'orders' }],
      },
      { id: 'post-charges', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }] },
    ]);
  });

  test('failures, strangers, refusals and odd methods teach nothing', () => {
    const contract = learnt(
      request('orders', 'GET', '/admin', 404),
      request('orders', 'GET', '/boom', 500),
      request(undefined, 'GET', '/anonymous'),
      request('orders', 'get', '/odd'),
      request('orders', 'GET', '/denied', 200, {
        verdict: { ...learning, effect: 'deny', reason: 'caller-not-listed' },
      }),
      request('orders', 'GET', '/audited', 200, { verdict: { ...learning, reason: 'caller-not-listed' } }),
    );
    expect(contract.api?.serves).toEqual([]);
  });

  test('calls, connections in and out are learned by identity or by address', () => {
    const contract = learnt(
      seen({
        kind: 'request',
        direction: 'out',
        peer: 'inventory',
        method: 'GET',
        path: '/stock/a-1',
        status: 200,
        verdict: learning,
      }),
      flow('in', { peer: 'orders' }),
      flow('in', { peer: 'gateway' }),
      flow('out', { peer: 'inventory', address: '198.18.0.2', port: 7005 }),
      flow('out', { address: '203.0.113.9', port: 443, mtls: false }),
      seen({ kind: 'connect', protocol: 'udp', address: '203.0.113.53', port: 53 }),
      seen({ kind: 'connect', protocol: 'tcp', address: '198.18.0.2', port: 7005 }),
      seen({ kind: 'connect', protocol: 'tcp', address: '203.0.113.77', port: 1, failed: true }),
    );
    expect(contract.api?.calls).toEqual([
      { id: 'call-inventory-get-stock-a-1', to: { service: 'inventory' }, methods: ['GET'], path: '/stock/a-1' },
    ]);
    expect(contract.network).toEqual({
      ingress: [
        { id: 'in-public', from: { builtin: 'public' }, ports: ['tcp/7004'] },
        { id: 'in-orders', from: { service: 'orders' }, ports: ['tcp/7004'] },
      ],
      egress: [
        { id: 'out-203.0.113.53', to: { cidr: '203.0.113.53/32' }, ports: ['udp/53'] },
        { id: 'out-203.0.113.9', to: { cidr: '203.0.113.9/32' }, ports: ['tcp/443'] },
        { id: 'out-inventory', to: { service: 'inventory' }, ports: ['tcp/7005'] },
      ],
    });
  });

  test('shells, package managers, drift, metadata addresses and engine sockets are never learned, and said so', () => {
    const learn = learner('payments');
    for (const observation of [
      exec('/bin/sh'),
      exec('/usr/bin/bash5.2'),
      exec('/usr/bin/apt-get'),
      exec('/usr/bin/curl'),
      exec('/tmp/x', { drift: 'layer' }),
      exec('/usr/bin/node'),
      open('/var/run/docker.sock'),
      seen({ kind: 'connect', protocol: 'tcp', address: '169.254.169.254', port: 80 }),
    ]) {
      learn.add(observation);
    }
    const { contract, skipped, observed } = learn.proposal();
    expect(contract.runtime?.executables).toEqual([{ id: 'run-node', path: '/usr/bin/node' }]);
    expect(contract.network?.egress).toEqual([]);
    expect(observed).toBe(1);
    expect(skipped.map(({ why }) => why)).toContain('a shell');
    expect(skipped).toHaveLength(7);
  });

  test('a shell that the operator starts himself may be learned', () => {
    const learn = learner('payments', { programs: ['/bin/sh'] });
    learn.add(exec('/bin/sh'));
    expect(learn.proposal().contract.runtime?.executables).toEqual([{ id: 'run-sh', path: '/bin/sh' }]);
  });

  test('what nothing watched stays unmanaged instead of being forbidden', () => {
    expect(learnt(request('orders', 'GET', '/a')).runtime).toBeUndefined();
    expect(learnt(exec('/usr/bin/node')).runtime).toEqual({ executables: [{ id: 'run-node', path: '/usr/bin/node' }] });
    expect(learnt(flow('in', { peer: 'orders' })).api).toEqual({ calls: [] });
    expect(learnt(flow('in', { peer: 'orders' }), request('orders', 'GET', '/x', 404)).api).toEqual({
      serves: [],
      calls: [],
    });
  });

  test('nothing is learned while a detection is open, and what came just before can be taken back', () => {
    const learn = learner('payments');
    expect(learn.add(exec('/usr/bin/node'))).toBe(true);
    const before = exec('/usr/bin/id');
    expect(learn.add(before)).toBe(true);
    expect(learn.add(exec('/usr/bin/who'), Number.POSITIVE_INFINITY)).toBe(false);
    learn.forgetSince(before.at);
    expect(learn.proposal().contract.runtime?.executables?.map(({ path }) => path)).toEqual(['/usr/bin/node']);
  });

  test('explicit denies are kept and never learned over', () => {
    const current = initialVersion('payments', 'ana', 0).contract;
    const deny = [
      { id: 'no-admin', layer: 'api' as const, path: '/admin/**' },
      { id: 'no-gpg', layer: 'runtime' as const, executable: '/usr/bin/gpg' },
    ];
    const learn = learner('payments', { current: { ...current, deny } });
    learn.add(request('orders', 'GET', '/admin/users'));
    learn.add(exec('/usr/bin/gpg'));
    const { contract } = learn.proposal();
    expect(contract.deny).toEqual(deny);
    expect(contract.api?.serves).toEqual([]);
    expect(contract.runtime?.executables).toEqual([]);
  });

  test('every clause carries its evidence', () => {
    const learn = learner('payments');
    const first = request('orders', 'GET', '/charges/1');
    const last = request('gateway', 'GET', '/charges/2');
    learn.add(last);
    learn.add(first);
    expect(learn.proposal().evidence.get('get-charges-id')).toEqual({
      firstSeen: first.at,
      lastSeen: last.at,
      count: 2,
      callers: ['orders', 'public'],
      sample: first.id,
      sampleText: 'GET /charges/1 by orders',
    });
  });

  test('the sample of every kind of clause is said in words, with nothing a terminal would obey', () => {
    const learn = learner('payments');
    learn.add(exec('/usr/bin/node'));
    learn.add(open('/srv/a\u001b[31m', true));
    learn.add(flow('in', { peer: 'gateway' }));
    learn.add(flow('out', { peer: 'inventory', port: 7005 }));
    learn.add(
      seen({
        kind: 'request',
        direction: 'out',
        peer: 'inventory',
        method: 'GET',
        path: '/stock/a-1',
        status: 200,
        verdict: learning,
      }),
    );
    expect([...learn.proposal().evidence.values()].map(({ sampleText }) => sampleText)).toEqual([
      'exec /usr/bin/node',
      'write /srv/a\\x1b[31m',
      'public to tcp/7004',
      'to inventory tcp/7005',
      'GET /stock/a-1 of inventory',
    ]);
  });

  test('the same observations in any order give the same contract', () => {
    const all = [
      ...[1, 2, 3, 4].map((id) => request(id % 2 ? 'orders' : 'gateway', 'GET', `/charges/${id}/lines/${id}`)),
      ...['/app/a', '/app/b', '/etc/hosts', '/app/node_modules/x/y'].map((path) => open(path)),
      exec('/usr/bin/node'),
      flow('in', { peer: 'orders' }),
    ];
    const wanted = contractDigest(learnt(...all));
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
        expect(contractDigest(learnt(...order))).toBe(wanted);
      }),
      { numRuns: 30 },
    );
  });

  test('a learned contract allows exactly the benign day it was learned from', () => {
    const contract = learnt(
      ...[1, 2, 3].map((id) => request('orders', 'GET', `/charges/${id}`)),
      exec('/usr/bin/node'),
      open('/app/main.js'),
    );
    const mode = { runtime: 'enforce', network: 'enforce', api: 'enforce' } as const;
    const compiled = compileContract({ ...initialVersion('payments', 'a', 0), contract: { ...contract, mode } });
    const call = (path: string) =>
      compiled.decideServe({ caller: 'x', callerService: 'orders', method: 'GET', path }).effect;
    expect([call('/charges/2'), call('/charges/99'), call('/charges/x'), call('/refunds')]).toEqual([
      'allow',
      'allow',
      'deny',
      'deny',
    ]);
    expect(compiled.decideExec({ path: '/bin/sh' }).effect).toBe('deny');
    expect(compiled.decideFile({ path: '/app/secrets/token', access: 'read' }).effect).toBe('deny');
  });

  test('hostile names make no clause that cannot be held', () => {
    learnt(
      exec('relative'),
      exec('/tmp/\u001b[2J*'),
      open('/a/**/b'),
      open('/x\n/y'),
      request('orders', 'GET', '/a%20b/*'),
      request('orders', 'GET', `/${'a'.repeat(4_000)}`),
    );
  });
});

describe('path templates', () => {
  const of = (...paths: string[]) => [...new Set(templatesOf(paths).values())].sort();

  test('numbers, UUIDs, dates and codes become typed parameters', () => {
    expect(of('/p/1', '/p/2')).toEqual(['/p/{id:int}']);
    expect(of('/p/123e4567-e89b-12d3-a456-426614174000')).toEqual(['/p/{id:uuid}']);
    expect(of('/d/2026-01-31')).toEqual(['/d/{id:date}']);
    expect(of('/s/LAN-01', '/s/LAN-02', '/s/LOO-01')).toEqual(['/s/{id:slug}']);
    expect(of('/p/1/c/7', '/p/2/c/8')).toEqual(['/p/{id:int}/c/{id2:int}']);
  });

  test('versions, operations and few words stay literal', () => {
    expect(of('/v1/a', '/v2/a', '/a/export', '/a/import')).toEqual(['/a/export', '/a/import', '/v1/a', '/v2/a']);
    expect(of('/p/1', '/p/2', '/p/me')).toEqual(['/p/me', '/p/{id:int}']);
  });
});

describe('file patterns', () => {
  const of = (...paths: string[]) => [...new Set(filePatternsOf(paths).values())].sort();
  const many = (folder: string, count: number) => Array.from({ length: count }, (_, index) => `${folder}/f${index}.js`);

  test('process numbers, hashes and temporary names become stars', () => {
    expect(of('/proc/12/stat', '/proc/13/stat')).toEqual(['/proc/*/stat']);
    expect(of('/tmp/npm-x7Yb2Q')).toEqual(['/tmp/npm-*']);
    expect(of('/c/0123456789abcdef0123')).toEqual(['/c/*']);
    expect(of('/base/5/1249', '/base/5/1250', '/base/5/1251')).toEqual(['/base/5/*']);
  });

  test('crowded folders are taken whole, folders above credentials never', () => {
    expect(of(...many('/app/lib', 40))).toEqual(['/app/lib/*']);
    expect(of(...many('/etc', 40))).toHaveLength(40);
    expect(of(...many('/root', 40))).toHaveLength(40);
    const modules = Array.from({ length: 20 }, (_, index) => `/app/node_modules/m${index}/index.js`);
    expect(of(...modules)).toEqual(['/app/node_modules/**']);
  });

  test('credentials stay by name, whatever stands around them', () => {
    const secret = [
      '/etc/shadow',
      '/app/secrets/token',
      '/proc/12/environ',
      '/home/a/.ssh/id_rsa',
      '/app/lib/api-key.txt',
    ];
    expect(of(...secret, ...many('/app/lib', 40))).toEqual([...secret, '/app/lib/*'].sort());
  });
});

test('where the service goes by name is learned by name; what is no name teaches nothing', () => {
  const out = (address: string, port = 443) => flow('out', { address, port, mtls: false });
  const { network } = learnt(
    out('API.example.com'),
    out('api.example.com', 8443),
    out('a b.example'),
    out('x'.repeat(300).slice(0, 108)),
    out('-'),
  );
  expect(network?.egress?.map(({ to, ports }) => [to, ports])).toEqual([
    [{ host: 'api.example.com' }, ['tcp/443', 'tcp/8443']],
    [{ host: 'x'.repeat(108) }, ['tcp/443']],
  ]);
});

test('readiness is told by layer, from what taught', () => {
  const learn = learner('payments');
  const day = 86_400_000;
  for (let index = 0; index < 3_500; index += 1) learn.add(request('orders', 'GET', '/charges', 200, {}));
  const at = (days: number, workload: string) => {
    const { event } = request('orders', 'GET', '/charges');
    return seen(event, { at: days * day, workload });
  };
  for (let days = 1; days < 7; days += 1) learn.add(at(days, `payments-h-${days}`));
  learn.add(request('orders', 'GET', '/other', 404));
  const [runtime, network, api] = learn.proposal().readiness;
  expect(api).toMatchObject({ layer: 'api', value: 1, days: 7, starts: 6, observed: 3_506, reasons: [] });
  expect(runtime).toMatchObject({ value: null, reasons: ['nothing was seen at this layer'] });
  expect(network).toMatchObject({ value: null });
});
