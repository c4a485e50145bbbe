import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Contract, ContractVersion, Mode } from '../../model/index.js';
import { contractDigest } from '../digest.js';
import { ContractError } from '../error.js';
import { emptyContract } from '../initial.js';
import { noContract, refusal } from './answers.js';
import { compileContract } from './compile.js';

const payments: Contract = {
  ...emptyContract('payments', 'enforce'),
  network: {
    ingress: [{ id: 'in-orders', from: { service: 'orders' }, ports: ['tcp/7004'] }],
    egress: [
      { id: 'bank', to: { cidr: '203.0.113.0/28' }, ports: ['tcp/443'] },
      { id: 'mail', to: { host: '*.mail.example' }, ports: ['tcp/25'] },
    ],
  },
  api: {
    serves: [
      { id: 'charge', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }] },
      { id: 'refund', methods: ['POST'], path: '/refunds', from: [{ service: 'operator' }] },
      { id: 'rates', methods: ['GET'], path: '/rates', from: [{ service: 'catalog' }, { builtin: 'public' }] },
      { id: 'one', methods: ['GET'], path: '/charges/{id:int}', from: [{ service: 'orders' }] },
      { id: 'any', methods: ['GET'], path: '/charges/{id}', from: [{ builtin: 'any-identity' }] },
      { id: 'tree', methods: ['GET'], path: '/charges/**', from: [{ service: 'auditor' }] },
    ],
    calls: [{ id: 'stock', to: { service: 'inventory' }, methods: ['GET'], path: '/stock/{sku:slug}' }],
  },
  runtime: {
    executables: [
      { id: 'node', path: '/usr/bin/node' },
      { id: 'gpg', path: '/usr/bin/gpg', from: '/usr/bin/node' },
    ],
    files: [
      { id: 'app', path: '/app/**', access: 'read' },
      { id: 'cache', path: '/var/cache/*/data', access: 'write' },
    ],
  },
};

function version(contract: Contract): ContractVersion {
  return {
    service: contract.service,
    version: 3,
    digest: contractDigest(contract),
    state: 'approved',
    contract,
    origin: 'declared',
    observed: 0,
    proposedBy: 'ana',
    proposedAt: 0,
    decidedBy: 'ana',
    decidedAt: 0,
    reason: null,
    clean: {},
  };
}

const withMode = (mode: Mode, contract = payments): Contract => ({
  ...contract,
  mode: { runtime: mode, network: mode, api: mode },
});
const serve = (service: string | null, method: string, path: string) => ({
  caller: service === null ? null : `spiffe://shop/service/${service}`,
  callerService: service,
  method,
  path,
});

describe('requests to a service', () => {
  const compiled = compileContract(version(payments));

  test('of a refusal the reason and the nearest clause are there whenever they are read, and in its JSON', () => {
    const refused = compiled.decideServe(serve('orders', 'GET', '/charges'));
    const text = JSON.parse(JSON.stringify(refused));
    expect(text).toMatchObject({ effect: 'deny', clause: null, reason: refused.reason, nearest: refused.nearest });
    expect(refused.nearest).toBe(refused.nearest);
    expect(text.reason).toBe('caller-not-listed');
  });

  test('a listed caller passes, with clause, template, version and digest', () => {
    expect(compiled.decideServe(serve('orders', 'POST', '/charges'))).toEqual({
      effect: 'allow',
      layer: 'api',
      mode: 'enforce',
      contract: 'payments',
      version: 3,
      digest: contractDigest(payments),
      clause: 'charge',
      reason: 'allowed',
      template: '/charges',
    });
  });

  test('an allowed decision is one shared frozen object', () => {
    const first = compiled.decideServe(serve('orders', 'POST', '/charges'));
    expect(compiled.decideServe(serve('orders', 'POST', '/charges'))).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  test('a caller that is not listed is denied and told apart by the nearest clause', () => {
    const decision = compiled.decideServe(serve('catalog', 'POST', '/refunds'));
    expect(decision).toMatchObject({ effect: 'deny', clause: null, reason: 'caller-not-listed' });
    expect(decision.nearest).toEqual({
      clause: 'refund',
      failed: [{ predicate: 'caller', wanted: 'service operator', got: 'service catalog' }],
    });
  });

  test('the wrong method and the wrong path are named as such', () => {
    expect(compiled.decideServe(serve('catalog', 'POST', '/rates')).reason).toBe('method');
    expect(compiled.decideServe(serve('catalog', 'GET', '/rate')).reason).toBe('path');
  });

  test('the public is who comes through the gateway, and is no identity of its own', () => {
    expect(compiled.decideServe(serve('gateway', 'GET', '/rates')).clause).toBe('rates');
    expect(compiled.decideServe(serve('gateway', 'GET', '/charges/x')).effect).toBe('deny');
    expect(compiled.decideServe(serve('stranger', 'GET', '/charges/x')).clause).toBe('any');
  });

  test('the most literal clause that admits the caller wins', () => {
    expect(compiled.decideServe(serve('orders', 'GET', '/charges/17')).clause).toBe('one');
    expect(compiled.decideServe(serve('auditor', 'GET', '/charges/17')).clause).toBe('any');
    expect(compiled.decideServe(serve('auditor', 'GET', '/charges/17/lines')).clause).toBe('tree');
    expect(compiled.decideServe(serve('auditor', 'GET', '/charges')).clause).toBe('tree');
  });

  test('no identity is refused in every mode, an unmanaged section and off included', () => {
    for (const mode of ['off', 'learn', 'audit', 'enforce'] as const) {
      for (const contract of [withMode(mode), { ...withMode(mode), api: undefined, network: undefined }]) {
        const { api, network, ...rest } = contract;
        const whole = { ...rest, ...(api === undefined ? {} : { api }), ...(network === undefined ? {} : { network }) };
        const each = compileContract(version(whole));
        expect(each.decideServe(serve(null, 'GET', '/rates'))).toMatchObject({ effect: 'deny', reason: 'no-identity' });
        expect(each.decideIngress({ callerService: null, port: 7004 })).toMatchObject({ reason: 'no-identity' });
      }
    }
  });

  test('an isolated side is refused before anything but a missing identity', () => {
    const off = compileContract(version(withMode('off')));
    expect(off.decideServe({ ...serve('orders', 'POST', '/charges'), isolated: true }).reason).toBe('isolated');
    expect(off.decideServe({ ...serve(null, 'POST', '/charges'), isolated: true }).reason).toBe('no-identity');
    expect(off.decideEgress({ service: 'x', port: 1, isolated: true }).effect).toBe('deny');
  });

  test('learn and audit let a deviation pass and say so', () => {
    const request = serve('catalog', 'POST', '/refunds');
    expect(compileContract(version(withMode('learn'))).decideServe(request)).toMatchObject({
      effect: 'would-deny',
      reason: 'learning',
      nearest: { clause: 'refund' },
    });
    expect(compileContract(version(withMode('audit'))).decideServe(request)).toMatchObject({
      effect: 'would-deny',
      reason: 'caller-not-listed',
    });
  });

  test('an absent section passes as unmanaged, an empty one denies all', () => {
    const { api: _api, ...without } = payments;
    expect(compileContract(version(without)).decideServe(serve('x', 'GET', '/'))).toMatchObject({
      effect: 'allow',
      reason: 'layer-unmanaged',
    });
    const empty = compileContract(version({ ...payments, api: { serves: [], calls: [] } }));
    expect(empty.decideServe(serve('orders', 'POST', '/charges'))).toMatchObject({ effect: 'deny', reason: 'path' });
    expect(empty.decideServe(serve('orders', 'POST', '/charges')).nearest).toBeUndefined();
  });

  test('an explicit deny beats an allow, also in an unmanaged section', () => {
    const deny = [{ id: 'no-rates', layer: 'api' as const, path: '/rates/**', from: [{ builtin: 'public' as const }] }];
    const denied = compileContract(version({ ...payments, deny }));
    expect(denied.decideServe(serve('gateway', 'GET', '/rates'))).toMatchObject({
      effect: 'deny',
      reason: 'explicit-deny',
      clause: 'no-rates',
    });
    expect(denied.decideServe(serve('catalog', 'GET', '/rates')).effect).toBe('allow');
    const { api: _api, ...without } = payments;
    expect(compileContract(version({ ...without, deny })).decideServe(serve('gateway', 'GET', '/rates')).effect).toBe(
      'deny',
    );
  });

  test('a hostile path in the nearest miss is escaped and bounded', () => {
    const decision = compiled.decideServe(serve('gateway', 'GET', `/\u001b[2J${'a'.repeat(5_000)}`));
    const got = decision.nearest?.failed.find(({ predicate }) => predicate === 'path')?.got ?? '';
    expect(got).toContain('\\x1b');
    expect(got.length).toBeLessThan(300);
  });
});

describe('other decisions', () => {
  const compiled = compileContract(version(payments));

  test('calls are decided by callee, method and typed path', () => {
    const call = (path: string, peerService = 'inventory') => compiled.decideCall({ peerService, method: 'GET', path });
    expect(call('/stock/red-shoe').clause).toBe('stock');
    expect(call('/stock/a%20b').reason).toBe('path');
    expect(call('/stock/red-shoe', 'orders').reason).toBe('callee-not-listed');
  });

  test('connections are decided by peer and port', () => {
    expect(compiled.decideIngress({ callerService: 'orders', port: 7004 }).clause).toBe('in-orders');
    expect(compiled.decideIngress({ callerService: 'orders', port: 22 }).reason).toBe('port');
    expect(compiled.decideIngress({ callerService: 'catalog', port: 7004 }).reason).toBe('peer-not-listed');
    expect(compiled.decideIngress({ callerService: 'orders', port: 7004, protocol: 'udp' }).reason).toBe('port');
  });

  test('destinations outside are decided by range or name', () => {
    expect(compiled.decideEgress({ address: '203.0.113.5', port: 443 }).clause).toBe('bank');
    expect(compiled.decideEgress({ address: '::ffff:203.0.113.5', port: 443 }).clause).toBe('bank');
    expect(compiled.decideEgress({ address: '203.0.113.99', port: 443 }).effect).toBe('deny');
    expect(compiled.decideEgress({ address: 'not an address', port: 443 }).effect).toBe('deny');
    expect(compiled.decideEgress({ host: 'SMTP.mail.example', port: 25 }).clause).toBe('mail');
    expect(compiled.decideEgress({ host: 'mail.example', port: 25 }).effect).toBe('deny');
    expect(compiled.decideEgress({ host: 'evilmail.example', port: 25 }).effect).toBe('deny');
  });

  test('a deny by name also refuses a destination whose name is not known, never one proved by identity', () => {
    const egress = [{ id: 'all', to: { cidr: '0.0.0.0/0' }, ports: ['tcp/443'] }];
    const deny = [{ id: 'no-evil', layer: 'network' as const, to: { host: 'evil.example' } }];
    const compiledDeny = compileContract(
      version({
        ...payments,
        network: { egress: [...egress, { id: 'p', to: { service: 'x' }, ports: ['tcp/443'] }] },
        deny,
      }),
    );
    expect(compiledDeny.decideEgress({ address: '198.51.100.1', port: 443 }).reason).toBe('explicit-deny');
    expect(compiledDeny.decideEgress({ address: '198.51.100.1', host: 'good.example', port: 443 }).effect).toBe(
      'allow',
    );
    expect(compiledDeny.decideEgress({ service: 'x', port: 443 }).effect).toBe('allow');
  });

  test('programs are decided by path and by who starts them', () => {
    expect(compiled.decideExec({ path: '/usr/bin/node' }).clause).toBe('node');
    expect(compiled.decideExec({ path: '/usr/bin/../bin//node' }).clause).toBe('node');
    expect(compiled.decideExec({ path: '/usr/bin/gpg', parentPath: '/usr/bin/node' }).clause).toBe('gpg');
    expect(compiled.decideExec({ path: '/usr/bin/gpg' })).toMatchObject({
      effect: 'deny',
      reason: 'executable',
      nearest: { clause: 'gpg', failed: [{ predicate: 'started by', wanted: '/usr/bin/node', got: 'unknown' }] },
    });
    expect(compiled.decideExec({ path: 'node' }).effect).toBe('deny');
  });

  test('files are decided by pattern and access, after the path is made plain', () => {
    expect(compiled.decideFile({ path: '/app/a/b', access: 'read' }).clause).toBe('app');
    expect(compiled.decideFile({ path: '/app/../etc/shadow', access: 'read' }).reason).toBe('file');
    expect(compiled.decideFile({ path: '/app/a', access: 'write' }).effect).toBe('deny');
    expect(compiled.decideFile({ path: '/var/cache/x/data', access: 'write' }).clause).toBe('cache');
    expect(compiled.decideFile({ path: '/var/cache//data', access: 'write' }).effect).toBe('deny');
    expect(compiled.decideFile({ path: '/var/cache/x/y/data', access: 'write' }).effect).toBe('deny');
  });

  test('without a contract, and on any failure, the answer is a deny', () => {
    expect(noContract('api')).toMatchObject({ effect: 'deny', reason: 'no-contract', contract: null });
    expect(refusal('network', 'internal-error').effect).toBe('deny');
    expect(refusal('api', 'malformed')).toBe(refusal('api', 'malformed'));
  });

  test('a contract that cannot be held is not compiled', () => {
    const broken: Contract = {
      ...payments,
      api: { serves: [{ id: 'x', methods: ['GET'], path: '/a/**/b', from: [{ service: 'orders' }] }] },
    };
    expect(() => compileContract(version(broken))).toThrow(ContractError);
  });
});

// A second, naive reading of the same rules: no trie, no maps, no sharing. The two must agree on everything.
describe('agreement with a naive reading', () => {
  const word = fc.constantFrom('a', 'b', '17', '2024-01-31', 'deadbeef', 'a-b', 'a.b', '');
  const segment = fc.oneof(
    fc.constantFrom('a', 'b', '17', 'a-b'),
    fc.constantFrom('{x}', '{x:int}', '{x:slug}', '{x:hex}', '{x:date}', '{x:uuid}', '{x:opaque}'),
  );
  const template = fc
    .tuple(fc.uniqueArray(segment, { maxLength: 4, selector: (text) => text.replace(/:.*|\}/g, '') }), fc.boolean())
    .map(([parts, rest]) => `/${[...parts, ...(rest ? ['**'] : [])].join('/')}`);
  const peer = fc.oneof(
    fc.constantFrom('orders', 'catalog').map((service) => ({ service })),
    fc.constantFrom('public' as const, 'any-identity' as const).map((builtin) => ({ builtin })),
  );
  const methods = fc.uniqueArray(fc.constantFrom<string>('GET', 'POST'), { minLength: 1 });
  const contracts = fc.record({
    mode: fc.constantFrom<Mode>('off', 'learn', 'audit', 'enforce'),
    serves: fc.option(fc.array(fc.record({ methods, path: template, from: fc.array(peer, { minLength: 1 }) }))),
    deny: fc.array(fc.record({ methods: fc.option(methods), path: template, from: fc.option(fc.array(peer)) }), {
      maxLength: 2,
    }),
  });
  const requests = fc.record({
    service: fc.constantFrom('orders', 'catalog', 'gateway', 'other', null),
    known: fc.boolean(),
    isolated: fc.boolean(),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.array(word, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
  });

  test('on random contracts and requests', () => {
    fc.assert(
      fc.property(contracts, fc.array(requests, { minLength: 1, maxLength: 8 }), (shape, list) => {
        const compiled = compileContract(version(contractOf(shape)));
        for (const request of list) {
          const got = compiled.decideServe({
            caller: request.known ? 'spiffe://shop/x' : null,
            callerService: request.service,
            method: request.method,
            path: request.path,
            isolated: request.isolated,
          });
          const wanted = naive(shape, request);
          expect([got.effect, wanted.clause === null ? null : got.template]).toEqual([wanted.effect, wanted.clause]);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  type Shape = typeof contracts extends fc.Arbitrary<infer T> ? T : never;
  type Request = typeof requests extends fc.Arbitrary<infer T> ? T : never;

  function contractOf(shape: Shape): Contract {
    const serves = shape.serves?.map((clause, index) => ({ id: `c${index}`, ...clause }));
    return {
      ...emptyContract('x', shape.mode),
      api: serves === undefined ? {} : { serves },
      deny: shape.deny.map(({ methods: denied, path, from }, index) => ({
        id: `d${index}`,
        layer: 'api' as const,
        path,
        ...(denied === null ? {} : { methods: denied }),
        ...(from === null ? {} : { from }),
      })),
    };
  }

  /** The template of the clause that answers, so that two clauses with one template count as the same. */
  function naive(shape: Shape, request: Request): { effect: string; clause: string | null } {
    if (!request.known) return { effect: 'deny', clause: null };
    if (request.isolated) return { effect: 'deny', clause: null };
    if (shape.mode === 'off') return { effect: 'allow', clause: null };
    const no = shape.mode === 'enforce' ? 'deny' : 'would-deny';
    const denies = shape.deny.filter(
      (clause) =>
        (clause.methods === null || clause.methods.includes(request.method)) &&
        fits(clause.path, request.path) &&
        (clause.from === null || clause.from.some((from) => is(from, request.service))),
    );
    const byRank = (left: { path: string }, right: { path: string }) => (rank(left.path) < rank(right.path) ? -1 : 1);
    const [denied] = denies.sort(byRank);
    if (denied !== undefined) return { effect: no, clause: denied.path };
    if (shape.serves === null) return { effect: 'allow', clause: null };
    const [allowed] = shape.serves
      .filter(
        (clause) =>
          clause.methods.includes(request.method) &&
          fits(clause.path, request.path) &&
          clause.from.some((from) => is(from, request.service)),
      )
      .sort(byRank);
    return allowed === undefined ? { effect: no, clause: null } : { effect: 'allow', clause: allowed.path };
  }

  function is(from: { service: string } | { builtin: 'public' | 'any-identity' }, service: string | null): boolean {
    if ('service' in from) return from.service === service;
    return from.builtin === 'public' ? service === 'gateway' : service !== 'gateway';
  }

  const kinds: Record<string, [string, string]> = {
    uuid: ['1', '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'],
    date: ['2', '\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])'],
    int: ['3', '\\d+'],
    hex: ['4', '[0-9a-fA-F]{8,}'],
    slug: ['5', '[A-Za-z0-9]+([-_][A-Za-z0-9]+)*'],
    opaque: ['6', '[^/]+'],
  };

  function kindOf(part: string): [string, string] {
    if (part === '**') return ['9', ''];
    if (!part.startsWith('{')) return ['0', part.replace(/[.]/g, '\\.')];
    return kinds[/:(.*)\}/.exec(part)?.[1] ?? 'opaque'] ?? ['?', '?'];
  }

  function rank(path: string): string {
    return path
      .split('/')
      .slice(1)
      .map((part) => kindOf(part)[0])
      .join('');
  }

  function fits(path: string, request: string): boolean {
    const parts = path.split('/').slice(1);
    const open = parts.at(-1) === '**';
    const head = (open ? parts.slice(0, -1) : parts).map((part) => `/${kindOf(part)[1]}`).join('');
    return new RegExp(`^${head}${open ? '(/.*)?' : ''}$`).test(request);
  }
});
