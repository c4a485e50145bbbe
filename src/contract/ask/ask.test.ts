import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Base, Bound, Contract, modes } from '../../model/index.js';
import { documentDigest } from '../digest.js';
import { answer, malformed } from './answer.js';
import { whatCan, whoCan } from './can.js';
import { contractSet, type SetDocument } from './contract-set.js';
import { questionOf } from './question.js';

const now = Date.parse('2026-11-23T12:00:00Z');
const head = {
  apiVersion: 'tricordon/v1',
  kind: 'Contract',
  mode: { runtime: 'enforce', network: 'enforce', api: 'enforce' },
};
const contract = (service: string, parts: object): SetDocument => ({
  file: `${service}.yaml`,
  document: Contract.parse({ ...head, service, ...parts }),
});
const bound = (name: string, parts: object): SetDocument => ({
  file: `${name}.yaml`,
  document: Bound.parse({ apiVersion: 'tricordon/v1', kind: 'Bound', name, ...parts }),
});
function ask(documents: readonly SetDocument[], row: object, labels = {}) {
  const question = questionOf(row, now);
  if ('problem' in question) return malformed(null, question);
  return answer(contractSet(documents, { labels }), question);
}
const said = (documents: readonly SetDocument[], row: object, labels = {}) => {
  const { decision, reason, clause } = ask(documents, row, labels);
  return `${decision} ${reason}${clause === null ? '' : ` ${clause}`}`;
};

describe('attributes and claims', () => {
  const payments = contract('payments', {
    api: {
      serves: [
        {
          id: 'charge',
          methods: ['POST'],
          path: '/charges',
          from: [{ service: 'orders', match: { environment: 'prod' } }],
          user: { issuer: 'https://idp', claims: { scope: { contains: 'pay' }, 'realm.name': 'shop' } },
        },
        { id: 'prod', methods: ['GET'], path: '/{x}', from: [{ match: { environment: { in: ['prod', 'stage'] } } }] },
        {
          id: 'own',
          methods: ['GET'],
          path: '/own/{id:int}',
          from: [{ builtin: 'any-identity' }],
          where: "request.params.id == user.number || 'admin' in user.roles",
        },
      ],
    },
    deny: [
      {
        id: 'critical',
        layer: 'api',
        path: '/**',
        methods: ['GET'],
        from: [{ match: { 'image.maxSeverity': { in: ['critical'] } } }],
      },
    ],
  });
  const charge = { service: 'payments', as: 'orders', method: 'POST', path: '/charges' };
  const claims = { iss: 'https://idp', scope: 'read pay', realm: { name: 'shop' } };
  test.each([
    [{ ...charge, attributes: { environment: 'prod' }, claims }, 'allow allowed charge'],
    [{ ...charge, claims }, 'deny attribute'],
    [{ ...charge, attributes: { environment: 'dev' }, claims }, 'deny attribute'],
    [{ ...charge, attributes: { environment: 'prod' } }, 'deny claim-missing'],
    [{ ...charge, attributes: { environment: 'prod' }, claims: { ...claims, scope: 'paying' } }, 'deny claim-value'],
    [
      { ...charge, attributes: { environment: 'prod' }, claims: { ...claims, iss: 'https://other' } },
      'deny claim-value',
    ],
    [{ ...charge, attributes: { environment: 'prod' }, claims: { ...claims, realm: {} } }, 'deny claim-missing'],
    [{ ...charge, as: null }, 'deny no-identity'],
  ])('%j: %s', (row, wanted) => {
    expect(said([payments], row)).toBe(wanted);
  });

  test('a deny takes what is missing for a match, an allow does not', () => {
    const read = { service: 'payments', as: 'x', method: 'GET', path: '/a', attributes: { environment: 'prod' } };
    expect(said([payments], read)).toBe('deny explicit-deny critical');
    const known = { ...read, attributes: { environment: 'prod', image: { maxSeverity: 'low' } } };
    expect(said([payments], known)).toBe('allow allowed prod');
    expect(said([payments], { ...known, attributes: { 'image.maxSeverity': 'low' } })).toBe('deny attribute');
  });

  test('what the identity says of itself cannot be given otherwise', () => {
    const own = contract('s', {
      api: { serves: [{ id: 'a', methods: ['GET'], path: '/', from: [{ match: { service: 'boss' } }] }] },
    });
    expect(said([own], { service: 's', as: 'x', method: 'GET', path: '/', attributes: { service: 'boss' } })).toBe(
      'deny attribute',
    );
    expect(said([own], { service: 's', as: 'boss', method: 'GET', path: '/' })).toBe('allow allowed a');
  });

  test('conditions see attributes, claims and the parameters of the path', () => {
    const row = {
      service: 'payments',
      as: 'x',
      method: 'GET',
      path: '/own/7',
      attributes: { image: { maxSeverity: 'low' } },
    };
    expect(said([payments], { ...row, claims: { number: '7' } })).toBe('allow allowed own');
    expect(said([payments], { ...row, claims: { number: '8', roles: ['admin'] } })).toBe('allow allowed own');
    expect(said([payments], { ...row, claims: { number: '8', roles: [] } })).toBe('deny where');
    expect(said([payments], { ...row, claims: { number: '8' } })).toBe('deny where');
  });
});

describe('time, exceptions, milder modes', () => {
  const service = contract('s', {
    network: {
      egress: [
        { id: 'old', to: { host: 'old.example' }, ports: ['tcp/443'], until: '2026-11-23' },
        { id: 'soon', to: { host: 'soon.example' }, ports: ['tcp/443'], mode: 'audit', until: '2026-12-01' },
        { id: 'many', to: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, ports: ['tcp/8000-8099', 'udp/*'] },
      ],
    },
    exceptions: [
      {
        id: 'e',
        owner: 'ana',
        reason: 'SEC-1',
        until: '2026-12-01',
        allow: { egress: { to: { host: 'x.example' }, ports: ['tcp/1'] } },
      },
      {
        id: 'none',
        owner: 'ana',
        reason: 'SEC-1',
        until: '2026-12-01',
        allow: { file: { path: '/x', access: 'read' } },
      },
    ],
    deny: [
      {
        id: 'd',
        layer: 'network',
        to: { host: 'soon.example' },
        ports: ['tcp/444'],
        mode: 'audit',
        until: '2026-12-01',
      },
    ],
  });
  test.each([
    [{ connect: 'old.example:443' }, 'deny clause-expired'],
    [{ connect: 'old.example:443', at: '2026-11-22T23:59:59Z' }, 'allow allowed old'],
    [{ connect: 'soon.example:443' }, 'would-deny audited soon'],
    [{ connect: 'soon.example:443', at: '2026-12-01T00:00:00Z' }, 'deny clause-expired'],
    [{ connect: 'soon.example:444' }, 'would-deny explicit-deny d'],
    [{ connect: 'soon.example:444', at: '2027-01-01T00:00:00Z' }, 'deny explicit-deny d'],
    [{ connect: 'x.example:1' }, 'allow allowed e'],
    [{ connect: 'x.example:1', at: 1_900_000_000_000 }, 'deny clause-expired'],
    [{ connect: '10.0.0.1:8050' }, 'allow allowed many'],
    [{ connect: '10.1.0.1:8050' }, 'deny peer-not-listed'],
    [{ connect: '10.0.0.1:8100' }, 'deny port'],
    [{ connect: '10.0.0.1:53/udp' }, 'allow allowed many'],
    [{ open: '/x:read' }, 'unmanaged layer-unmanaged'],
    [{ exec: '/x' }, 'unmanaged layer-unmanaged'],
  ])('%j: %s', (act, wanted) => {
    expect(said([service], { service: 's', ...act })).toBe(wanted);
  });
});

describe('bounds and bases', () => {
  const base = { apiVersion: 'tricordon/v1', kind: 'Base', name: 'node', version: 2 } as const;
  const parent = Base.parse({
    ...base,
    runtime: {
      executables: [
        { id: 'node', path: '/usr/bin/node' },
        { id: 'npm', path: '/usr/bin/npm' },
      ],
    },
    deny: [{ id: 'sh', layer: 'runtime', executable: '/bin/sh' }],
  });
  const parentFile = { file: 'node.yaml', document: parent };
  const pin = { name: 'node', version: 2, digest: documentDigest(parent) };
  const child = contract('s', {
    extends: [pin],
    remove: ['node/npm'],
    runtime: {
      executables: [
        { id: 'sh', path: '/bin/sh' },
        { id: 'app', path: '/app/run' },
      ],
    },
  });
  const limit = bound('no-app', {
    appliesTo: { environment: 'prod' },
    runtime: { executables: [{ id: 'usr', path: '/usr/**' }] },
  });

  test('what is inherited counts, what is removed does not, and a deny of a base stays', () => {
    const set = [child, parentFile];
    expect(said(set, { service: 's', exec: '/usr/bin/node' })).toBe('allow allowed node/node');
    expect(said(set, { service: 's', exec: '/usr/bin/npm' })).toBe('deny executable');
    expect(said(set, { service: 's', exec: '/bin/sh' })).toBe('deny explicit-deny node/sh');
    expect(said(set, { service: 's', exec: '/app/run' })).toBe('allow allowed app');
  });

  test('a bound takes away, wherever its labels match or are not known, and no exception passes it', () => {
    const set = [child, parentFile, limit];
    expect(said(set, { service: 's', exec: '/app/run' })).toBe('deny bound');
    expect(said(set, { service: 's', exec: '/app/run' }, { environment: 'prod' })).toBe('deny bound');
    expect(said(set, { service: 's', exec: '/app/run' }, { environment: 'dev' })).toBe('allow allowed app');
    expect(said(set, { service: 's', exec: '/usr/bin/node' })).toBe('allow allowed node/node');
    const open = contract('t', {});
    expect(said([open, limit], { service: 't', exec: '/app/run' })).toBe('deny bound');
    expect(said([open, limit], { service: 't', exec: '/usr/x' })).toBe('unmanaged layer-unmanaged');
    const excepted = contract('u', {
      runtime: { executables: [] },
      exceptions: [
        { id: 'e', owner: 'a', reason: 'r', until: '2030-01-01', allow: { executable: { path: '/app/run' } } },
      ],
    });
    expect(said([excepted, limit], { service: 'u', exec: '/app/run' })).toBe('deny bound');
    expect(ask([excepted, limit], { service: 'u', exec: '/app/run' }).change).toBeNull();
  });

  test.each([
    [{ extends: [{ ...pin, digest: `sha256:${'0'.repeat(64)}` }] }, 'contract-base'],
    [{ extends: [{ ...pin, version: 3 }] }, 'contract-base'],
    [{ extends: [pin, pin] }, 'contract-base'],
    [{ extends: [pin], remove: ['node/sh'] }, 'contract-meaning'],
    [{ extends: [pin], remove: ['node/nmp'] }, 'contract-meaning'],
  ])('%j is refused as %s', (parts, code) => {
    expect(() => contractSet([contract('s', parts), parentFile]).member('s')).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('bases that extend each other end', () => {
    // A loop cannot be pinned by digest, so one link of it names a digest that is not there: the loop shows first.
    const loop = (name: string, other: string) => ({
      file: name,
      document: Base.parse({ ...base, name, version: 1, extends: [{ name: other, version: 1, digest: pin.digest }] }),
    });
    const [a, b] = [loop('a', 'b'), loop('b', 'a')];
    const start = contract('s', { extends: [{ name: 'a', version: 1, digest: documentDigest(a.document) }] });
    expect(() => contractSet([start, a, b]).member('s')).toThrow(expect.objectContaining({ code: 'contract-base' }));
  });

  test('two documents that say different things of one service are a conflict, the same twice is none', () => {
    const other = contract('s', { api: { serves: [] } });
    expect(() => contractSet([child, other])).toThrow(expect.objectContaining({ code: 'contract-conflict' }));
    expect(contractSet([child, { ...child, file: 'copy.yaml' }]).services).toEqual(['s']);
  });
});

describe('both sides', () => {
  const callee = contract('b', {
    api: { serves: [{ id: 'in', methods: ['GET'], path: '/a', from: [{ service: 'a' }] }] },
    network: { ingress: [] },
  });
  const caller = (calls: object[]) =>
    contract('a', { api: { calls }, network: { egress: [{ id: 'out', to: { service: 'b' }, ports: ['tcp/1'] }] } });
  const row = { service: 'b', as: 'a', method: 'GET', path: '/a' };

  test('the side that refuses is named', () => {
    const silent = ask([callee, caller([])], row);
    expect([silent.decision, silent.contract.name, silent.reason]).toEqual(['deny', 'a', 'callee-not-listed']);
    expect(
      ask([callee, caller([{ id: 'c', to: { service: 'b' }, methods: ['GET'], path: '/**' }])], row),
    ).toMatchObject({
      decision: 'allow',
      contract: { name: 'b' },
    });
    expect(ask([callee, caller([])], { service: 'a', connect: 'b:1' })).toMatchObject({
      decision: 'deny',
      contract: { name: 'b' },
      change: [{ op: 'add', path: '/network/ingress/-' }],
    });
  });
});

describe('rows that are none', () => {
  test.each([
    null,
    [],
    'x',
    {},
    { service: 's' },
    { service: 'S!', exec: '/x' },
    { service: 's', exec: '/x', open: '/x:read' },
    { service: 's', method: 'GET' },
    { service: 's', method: 'get', path: '/' },
    { service: 's', method: 'GET', path: 'a' },
    { service: 's', method: 'GET', path: '/a//b' },
    { service: 's', method: 'GET', path: '/%2e%2e/b' },
    { service: 's', method: 'GET', path: '/a;b' },
    { service: 's', method: 'GET', path: '/%c0%af' },
    { service: 's', connect: 'x' },
    { service: 's', connect: 'x:0' },
    { service: 's', connect: 'x:65536' },
    { service: 's', open: '/x' },
    { service: 's', open: '/x:execute' },
    { service: 's', publish: 'a.*' },
    { service: 's', publish: 'a..b' },
    { service: 's', exec: '/x', as: 'spiffe://' },
    { service: 's', exec: '/x', at: 'tomorrow' },
    { service: 's', exec: '/x', more: 1 },
    { service: 's', exec: '/x', attributes: 'x' },
    { service: 's', exec: '/x', claims: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) },
  ])('%j', (row) => {
    expect(ask([contract('s', {})], row as object)).toMatchObject({ decision: 'deny', reason: 'malformed' });
  });
});

test('who can, and what can, with what it depends on', () => {
  const set = contractSet([
    contract('b', {
      api: {
        serves: [
          {
            id: 'in',
            methods: ['GET'],
            path: '/a/{id}',
            from: [{ service: 'a' }, { builtin: 'public' }],
            user: { claims: { sub: { exists: true } } },
            rate: { requests: 5, per: '1s', key: ['caller'] },
          },
        ],
      },
      deny: [{ id: 'no', layer: 'api', path: '/**', from: [{ builtin: 'public' }] }],
    }),
    contract('a', { api: { calls: [{ id: 'out', to: { service: 'b' }, methods: ['GET'], path: '/a/{id}' }] } }),
  ]);
  const ways = whoCan(set, { method: 'GET', service: 'b', path: '/a/1' }) ?? [];
  expect(ways.map(({ who, under, otherSide }) => [who, otherSide, under])).toEqual([
    ['service a', 'allow', ['with a user: sub given', 'at most 5 in 1s for each caller']],
    ['the public', 'unknown', ['with a user: sub given', 'at most 5 in 1s for each caller', 'forbidden by `no`']],
  ]);
  expect(whoCan(set, { method: 'PUT', service: 'b', path: '/a/1' })).toEqual([]);
  expect(whoCan(set, { method: 'GET', service: 'c', path: '/' })).toBeUndefined();
  expect(whatCan(set, 'a')?.find(({ clause }) => clause === 'out')).toMatchObject({
    what: 'GET service b:/a/{id}',
    otherSide: 'conditional',
  });
});

// What a contract decides, written a second time: clause by clause, without tables, in the order of the guide.
const services = ['a', 'b', 'gateway'] as const;
const serviceName = fc.constantFrom(...services);
const selector = fc.constantFrom<Record<string, unknown>>(
  { environment: 'prod' },
  { environment: { in: ['prod', 'dev'] } },
  { tenant: { notIn: ['x'] } },
  { environment: 'prod', tenant: { exists: true } },
);
const caller = fc.oneof(
  serviceName.map((service) => ({ service })),
  fc.record({ service: serviceName, match: selector }),
  selector.map((match) => ({ match })),
  fc.constantFrom({ builtin: 'public' }, { builtin: 'any-identity' }),
);
const template = fc.constantFrom('/', '/a', '/a/{id}', '/a/{id:int}', '/a/7', '/**', '/a/**', '/{x}/b');
const methodList = fc.uniqueArray(fc.constantFrom('GET', 'POST'), { minLength: 1 });
const term = fc.record(
  {
    user: fc.constantFrom('none', {}, { claims: { role: 'admin' } }, { claims: { scope: { contains: 'w' } } }),
    where: fc.constantFrom(
      "caller.environment == 'prod'",
      "user.role != 'admin'",
      "request.method == 'GET' && has(user.scope)",
    ),
    until: fc.constantFrom('2026-01-01', '2027-01-01'),
  },
  { requiredKeys: [] },
);
const mild = fc.constantFrom({}, { mode: 'audit', until: '2027-01-01' }, { mode: 'audit', until: '2026-01-01' });
const serve = fc
  .tuple(methodList, template, fc.array(caller, { minLength: 1, maxLength: 2 }), term, mild)
  .map(([methods, path, from, terms, own]) => ({ methods, path, from, ...terms, ...own }));
const deny = fc
  .tuple(
    template,
    fc.option(methodList, { nil: undefined }),
    fc.option(fc.array(caller, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    mild,
  )
  .map(([path, methods, from, own]) => ({
    layer: 'api',
    path,
    ...(methods && { methods }),
    ...(from && { from }),
    ...own,
  }));
const numbered = <T extends object>(prefix: string, list: readonly T[]) =>
  list.map((one, index) => ({ id: `${prefix}${index}`, ...one }));
const world = fc.record({
  mode: fc.constantFrom(...modes),
  serves: fc.option(fc.array(serve, { maxLength: 5 }), { nil: undefined }),
  deny: fc.array(deny, { maxLength: 2 }),
  bound: fc.option(
    fc.record({
      serves: fc.option(fc.array(serve, { maxLength: 3 }), { nil: undefined }),
      deny: fc.array(deny, { maxLength: 1 }),
    }),
    { nil: undefined },
  ),
  asked: fc.record({
    as: fc.option(fc.constantFrom('a', 'b', 'gateway', 'spiffe://x/ns/y'), { nil: null, freq: 8 }),
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('/', '/a', '/a/7', '/a/x', '/c/b', '/a/x/y'),
    attributes: fc.constantFrom(
      {},
      { environment: 'prod' },
      { environment: 'dev', tenant: 'x' },
      { environment: 'prod', tenant: 'y' },
    ),
    claims: fc.constantFrom(null, {}, { role: 'admin' }, { role: 'user', scope: 'r w' }),
  }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;
// biome-ignore lint/suspicious/noExplicitAny: clauses are made here in many shapes, and read by name
type AnyClause = Record<string, any>;

test('compiled, it says what a plain walk over the clauses says', () => {
  fc.assert(
    fc.property(world, (given) => {
      const documents = documentsOf(given);
      const got = ask(documents, { service: 's', ...given.asked });
      expect(got.decision).toBe(plain(given));
    }),
    { numRuns: 4_000 },
  );
});

test('a change that is told, made in the written contract, allows what was refused', () => {
  let told = 0;
  fc.assert(
    fc.property(world, (given) => {
      const documents = documentsOf(given);
      const { change, decision } = ask(documents, { service: 's', ...given.asked });
      if (change === null) return;
      told += 1;
      expect(decision).not.toBe('allow');
      const next = structuredClone(documents[0]?.document) as AnyClause;
      for (const { path, value } of change) {
        const names = path.slice(1).split('/');
        const last = names.pop() ?? '';
        const holder = names.reduce((at, name) => at[name], next);
        if (last === '-') holder.push(value);
        else holder[last] = value;
      }
      const again = [{ file: 's', document: Contract.parse(next) }, ...documents.slice(1)];
      expect(ask(again, { service: 's', ...given.asked }).decision).toMatch(/^allow$/);
    }),
    { numRuns: 2_000 },
  );
  expect(told).toBeGreaterThan(50);
});

function documentsOf({ mode, serves, deny: denies, bound: limit }: World): SetDocument[] {
  const parts = (own: { serves: unknown[] | undefined; deny: unknown[] }, prefix: string) => ({
    ...(own.serves === undefined ? {} : { api: { serves: numbered(`${prefix}s`, own.serves as object[]) } }),
    deny: numbered(`${prefix}d`, own.deny as object[]),
  });
  return [
    contract('s', { mode: { runtime: 'off', network: 'off', api: mode }, ...parts({ serves, deny: denies }, '') }),
    ...(limit === undefined ? [] : [bound('limit', parts(limit, 'b'))]),
  ];
}

function plain({ mode, serves, deny: denies, bound: limit, asked }: World): string {
  if (asked.as === null) return 'deny';
  if (mode === 'off') return 'unmanaged';
  const stern = mode === 'enforce' ? 'deny' : 'would-deny';
  const verdict = (own: AnyClause[] | undefined, forbidden: AnyClause[]): string => {
    const hits = forbidden.filter((clause) => hit(clause, asked, true));
    if (hits.some((clause) => clause['mode'] === undefined || clause['until'] === '2026-01-01')) return 'no';
    if (hits.length > 0) return 'mild';
    if (own === undefined) return 'open';
    const good = own.filter((clause) => clause['until'] !== '2026-01-01' && hit(clause, asked, false));
    if (good.some((clause) => clause['mode'] === undefined)) return 'yes';
    return good.length > 0 ? 'mild' : 'no';
  };
  const own = verdict(serves, denies);
  if (own === 'no') return stern;
  if (own === 'mild' && denies.some((clause) => hit(clause, asked, true))) return 'would-deny';
  if (limit !== undefined && verdict(limit.serves, limit.deny) === 'no') return stern;
  return own === 'yes' ? 'allow' : own === 'open' ? 'unmanaged' : 'would-deny';
}

function hit(clause: AnyClause, asked: World['asked'], denies: boolean): boolean {
  if (clause['methods'] !== undefined && !clause['methods'].includes(asked.method)) return false;
  if (!pathHit(clause['path'], asked.path)) return false;
  if (clause['from'] !== undefined && !clause['from'].some((peer: AnyClause) => peerHit(peer, asked, denies)))
    return false;
  if (denies) return true;
  const attributes: AnyClause = asked.attributes;
  const claims: AnyClause | null = asked.claims;
  const user = clause['user'];
  if (user !== undefined && user !== 'none') {
    if (claims === null) return false;
    if (user.claims?.role !== undefined && claims['role'] !== 'admin') return false;
    if (
      user.claims?.scope !== undefined &&
      !String(claims['scope'] ?? '')
        .split(' ')
        .includes('w')
    )
      return false;
  }
  const where: string | undefined = clause['where'];
  if (where === undefined) return true;
  if (where.startsWith('caller')) return attributes['environment'] === 'prod';
  if (where.startsWith('user')) return claims?.['role'] !== undefined && claims['role'] !== 'admin';
  return asked.method === 'GET' && claims?.['scope'] !== undefined;
}

function peerHit(peer: AnyClause, asked: World['asked'], denies: boolean): boolean {
  const name = services.find((one) => one === asked.as) ?? null;
  if (peer['builtin'] === 'public') return name === 'gateway';
  if (peer['builtin'] === 'any-identity') return name !== 'gateway';
  if (peer['service'] !== undefined && peer['service'] !== name) return false;
  if (peer['match'] === undefined) return true;
  if (peer['service'] === undefined && name === 'gateway' && !denies) return false;
  const attributes: AnyClause = asked.attributes;
  return Object.entries(peer['match'] as AnyClause).every(([key, wanted]) => {
    const value = attributes[key];
    if (value === undefined) return denies && wanted.exists === undefined;
    if (typeof wanted === 'string') return value === wanted;
    if (wanted.in !== undefined) return wanted.in.includes(value);
    if (wanted.notIn !== undefined) return !wanted.notIn.includes(value);
    return wanted.exists === true;
  });
}

function pathHit(wanted: string, path: string): boolean {
  const parts = path.slice(1).split('/');
  const segments = wanted.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    if (segment === '**') return true;
    const part = parts[index];
    if (part === undefined) return false;
    if (segment.endsWith(':int}') ? !/^[0-9]+$/.test(part) : segment.startsWith('{') ? part === '' : segment !== part)
      return false;
  }
  return segments.length === parts.length;
}
