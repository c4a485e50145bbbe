import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bound, Contract } from '../../model/index.js';
import { contractSet, type SetDocument } from '../ask/contract-set.js';
import type { compileContract } from '../compile/compile.js';
import { type Comparison, compareContracts } from './compare.js';
import { lintContracts } from './lint.js';

const now = Date.parse('2026-11-23T12:00:00Z');
const head = {
  apiVersion: 'tricordon/v1',
  kind: 'Contract',
  service: 's',
  mode: { runtime: 'enforce', network: 'enforce', api: 'enforce' },
};
const parse = (parts: object) => Contract.parse({ ...head, ...parts });
const document = (parts: object): SetDocument => ({ file: 's.yaml', document: parse(parts) });
const bound = (name: string, parts: object): SetDocument => ({
  file: `${name}.yaml`,
  document: Bound.parse({ apiVersion: 'tricordon/v1', kind: 'Bound', name, ...parts }),
});
const compare = (old: readonly SetDocument[], next: readonly SetDocument[]): Comparison =>
  compareContracts(contractSet(old), contractSet(next), now);
const brief = ({ rights }: Comparison): string[] =>
  rights.map(({ change, clause, verdict, example }) =>
    [change === 'added' ? '+' : '-', clause, ...(verdict === 'different' ? [] : ['?']), example?.text ?? ''].join(' '),
  );
const serves = (...clauses: object[]) => ({
  api: {
    serves: clauses.map((clause, index) => ({
      id: `c${index}`,
      methods: ['GET'],
      from: [{ service: 'a' }],
      ...clause,
    })),
  },
});
const egress = (...clauses: object[]) => ({
  network: { egress: clauses.map((clause, index) => ({ id: `c${index}`, ports: ['tcp/1'], ...clause })) },
});
const files = (...paths: string[]) => ({
  runtime: { files: paths.map((path, index) => ({ id: `c${index}`, path, access: 'read' })) },
});

describe('what is the same', () => {
  test.each([
    [
      'other names and order',
      serves({ path: '/a' }, { path: '/b' }),
      {
        api: {
          serves: [
            { id: 'y', methods: ['GET'], path: '/b', from: [{ service: 'a' }] },
            { id: 'x', methods: ['GET'], path: '/a', from: [{ service: 'a' }] },
          ],
        },
      },
    ],
    ['a parameter by another name', serves({ path: '/a/{x}' }), serves({ path: '/a/{y}' })],
    [
      'one clause as two',
      serves({ path: '/a', methods: ['GET', 'PUT'] }),
      serves({ path: '/a' }, { path: '/a', methods: ['PUT'] }),
    ],
    ['what a wider clause has already', serves({ path: '/a/**' }), serves({ path: '/a/**' }, { path: '/a/b' })],
    [
      'a rest as its parts',
      serves({ path: '/a/**' }),
      serves({ path: '/a' }, { path: '/a/' }, { path: '/a/{x}' }, { path: '/a/{x}/**' }),
    ],
    [
      'ports as two ranges',
      egress({ to: { host: 'h' }, ports: ['tcp/10-20'] }),
      egress({ to: { host: 'h' }, ports: ['tcp/10-14'] }, { to: { host: 'h' }, ports: ['tcp/15-20'] }),
    ],
    [
      'a range as its halves',
      egress({ to: { cidr: '10.0.0.0/24' } }),
      egress({ to: { cidr: '10.0.0.0/25' } }, { to: { cidr: '10.0.0.128/25' } }),
    ],
    [
      'an IPv6 range as its halves',
      egress({ to: { cidr: '2001:db8::/32' } }),
      egress({ to: { cidr: '2001:db8::/33' } }, { to: { cidr: '2001:db8:8000::/33' } }),
    ],
    ['an int among slugs', serves({ path: '/{x:slug}' }), serves({ path: '/{x:slug}' }, { path: '/{x:int}' })],
    ['files under a folder', files('/a/**'), files('/a/**', '/a/*/b*', '/a/c')],
    ['a folder as its parts', files('/a/**'), files('/a', '/a/*', '/a/*/**')],
    ['what is readable anyway', files('/x'), files('/x', '/etc/hosts', '/usr/share/zoneinfo/**')],
    [
      'a condition written otherwise',
      serves({ path: '/a', where: "caller.environment=='x'" }),
      serves({ path: '/a', where: "caller.environment == 'x'" }),
    ],
    [
      'claims in two clauses',
      serves({ path: '/a', user: { claims: { n: { in: [1, 2] } } } }),
      serves({ path: '/a', user: { claims: { n: 1 } } }, { path: '/a', user: { claims: { n: { equals: 2 } } } }),
    ],
    ['what has ended', serves({ path: '/a' }), serves({ path: '/a' }, { path: '/b', until: '2026-11-01' })],
  ])('%s', (_name, old, next) => {
    expect(brief(compare([document(old)], [document(next)]))).toEqual([]);
    expect(compare([document(old)], [document(next)]).verdict).toBe('same');
  });
});

describe('what differs, with an example', () => {
  test.each([
    [serves({ path: '/a' }), serves({ path: '/{x}' }), ['+ c0 GET /other from a']],
    [serves({ path: '/{x:slug}' }), serves({ path: '/{x:int}' }), ['- c0 GET /other from a']],
    [serves({ path: '/a/**' }), serves({ path: '/a/{x}/**' }, { path: '/a' }), ['- c0 GET /a/ from a']],
    [serves({ path: '/a' }), serves({ path: '/a', from: [{ builtin: 'any-identity' }] }), ['+ c0 GET /a from other']],
    [
      serves({ path: '/a' }),
      serves({ path: '/a', user: { claims: { scope: { contains: 'w' } } } }),
      ['- c0 GET /a from a'],
    ],
    [
      serves({ path: '/a', user: { claims: { n: 1 } } }),
      serves({ path: '/a', user: { claims: { n: '1' } } }),
      ['+ c0 GET /a from a by a user with n="1"', '- c0 GET /a from a by a user with n=1'],
    ],
    [{}, serves(), ['- - GET /other from other']],
    [
      egress({ to: { cidr: '10.0.0.0/8' } }),
      egress({ to: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }),
      ['- c0 connect to 10.1.0.0 on tcp/1'],
    ],
    [
      egress({ to: { host: '*.x.example' } }),
      egress({ to: { host: '*.a.x.example' } }),
      ['- c0 connect to other.x.example on tcp/1'],
    ],
    [
      egress({ to: { host: 'h' } }),
      { ...egress({ to: { host: 'h' } }), deny: [{ id: 'd', layer: 'network', to: { cidr: '10.0.0.0/8' } }] },
      ['- c0 connect to h at 10.0.0.0 on tcp/1'],
    ],
    [files('/a/*.so*'), files('/a/*.so'), ['- c0 read /a/.sox']],
    [files('/a/**/b'), files('/a/*/b', '/a/b'), ['- c0 read /a/x/x/b']],
    [files('/proc/self/**'), files('/x'), ['+ c0 read /x', '- c0 read /proc/self/environ']],
    [
      serves({ path: '/a' }),
      serves({ path: '/a', until: '2026-12-01' }),
      ['- c0 GET /a from a at 2026-12-01T00:00:00.000Z'],
    ],
  ])('%#', (old, next, wanted) => {
    expect(brief(compare([document(old)], [document(next)]))).toEqual(wanted);
  });

  test('what hangs on a condition or a limit alone is open, and says on which', () => {
    const one = serves({ path: '/a', where: "caller.tenant == 'x'" });
    const other = serves({ path: '/a', where: "caller.tenant == 'y'" });
    const { verdict, rights } = compare([document(one)], [document(other)]);
    expect(verdict).toBe('may-differ');
    expect(rights[0]).toMatchObject({ verdict: 'may-differ', why: expect.stringContaining("caller.tenant == 'y'") });
    const limited = compare(
      [document(serves({ path: '/a' }))],
      [document(serves({ path: '/a', rate: { requests: 1, per: '1s' } }))],
    );
    expect(limited).toMatchObject({ verdict: 'may-differ', rights: [{ why: 'it hangs on a limit of requests' }] });
  });

  test('a bound takes away, a service comes and goes, modes and values are told by themselves', () => {
    const open = document(serves({ path: '/a' }, { path: '/b' }));
    const limit = bound('only-a', {
      api: { serves: [{ id: 'a', methods: ['GET'], path: '/a', from: [{ service: 'a' }] }] },
    });
    expect(brief(compare([open], [open, limit]))).toEqual(['- c1 GET /b from a']);
    expect(compare([], [open]).services).toEqual({ added: ['s'], removed: [] });
    expect(brief(compare([open], [])).slice(0, 2)).toEqual(['- - start /other', '- - read /x']);
    const values = compare(
      [document({ runtime: { capabilities: ['CHOWN'], resources: { memory: '1Gi' } } })],
      [
        document({
          mode: { runtime: 'audit', network: 'enforce', api: 'enforce' },
          runtime: { capabilities: [], resources: { memory: '2Gi' } },
        }),
      ],
    );
    expect(values.values.map(({ name, change }) => `${name} ${change}`)).toEqual([
      'runtime.capabilities stricter',
      'runtime.resources.memory looser',
    ]);
    expect(values.modes).toEqual([{ service: 's', layer: 'runtime', from: 'enforce', to: 'audit' }]);
  });
});

test('dead, shadowed, half-open and bounded clauses are found, others are not', () => {
  const set = contractSet([
    document({
      api: {
        serves: [
          { id: 'wide', methods: ['GET'], path: '/a/**', from: [{ service: 'a' }] },
          { id: 'narrow', methods: ['GET'], path: '/a/b', from: [{ service: 'a' }] },
          { id: 'forbidden', methods: ['PUT'], path: '/x', from: [{ service: 'a' }] },
          { id: 'fine', methods: ['GET'], path: '/b', from: [{ service: 'a' }] },
          { id: 'cut', methods: ['GET', 'DELETE'], path: '/c', from: [{ service: 'a' }] },
          { id: 'ended', methods: ['GET'], path: '/d', from: [{ service: 'a' }], until: '2026-01-01' },
        ],
        calls: [
          { id: 'none', to: { service: 'b' }, methods: ['GET'], path: '/other' },
          { id: 'some', to: { service: 'b' }, methods: ['GET'], path: '/**' },
        ],
      },
      deny: [{ id: 'no', layer: 'api', path: '/x' }],
    }),
    {
      file: 'b.yaml',
      document: Contract.parse({
        ...head,
        service: 'b',
        api: { serves: [{ id: 'x', methods: ['GET'], path: '/x', from: [{ service: 's' }] }] },
      }),
    },
    bound('no-delete', {
      api: { serves: [{ id: 'all', methods: ['GET', 'PUT'], path: '/**', from: [{ builtin: 'any-identity' }] }] },
    }),
  ]);
  expect(
    lintContracts(set, now)
      .map(({ clause, kind }) => `${clause} ${kind}`)
      .sort(),
  ).toEqual(['cut bound', 'ended dead', 'forbidden dead', 'narrow shadowed', 'none half-open', 'none shadowed']);
});

/** A small universe, so that everything in it can be asked. */
const peer = fc.constantFrom(
  { service: 'a' },
  { service: 'b' },
  { builtin: 'any-identity' },
  { builtin: 'public' },
  { service: 'a', match: { environment: 'prod' } },
  { match: { environment: { notIn: ['prod'] } } },
  { match: { environment: { exists: false } } },
);
const destination = fc.constantFrom(
  { service: 'a' },
  { service: 'a', match: { environment: 'prod' } },
  { match: { environment: 'prod' } },
  { builtin: 'any-identity' },
  { host: 'h.example' },
  { host: '*.example' },
  { cidr: '10.0.0.0/8' },
  { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] },
);
const user = fc.constantFrom(
  'none',
  {},
  { claims: { scope: { contains: 'w' } } },
  { claims: { scope: 'r w' } },
  { claims: { n: { in: [1, 2] } } },
);
const terms = { until: fc.constantFrom('2026-12-01', '2027-01-01') };
const template = fc.constantFrom(
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/{x}',
  '/a/{x:int}',
  '/{x:slug}/{y:hex}',
  '/{x}',
  '/**',
  '/a/**',
  '/{x}/b/**',
);
const pattern = fc.constantFrom('/a', '/a/b', '/a/*', '/a/**', '/**/b', '/*/b', '/a/x*', '/a/*y', '/**', '/etc/**');
const port = fc.constantFrom('tcp/1', 'tcp/1-10', 'tcp/5-20', 'udp/*', 'tcp/*');
const list = (items: fc.Arbitrary<object>) =>
  fc.option(
    fc.array(items, { maxLength: 4 }).map((all) => all.map((one, index) => ({ ...one, id: `c${index}` }))),
    { nil: undefined },
  );
const some = { requiredKeys: [] as [] };
const parts = fc
  .record(
    {
      executables: list(fc.record({ path: pattern, from: pattern, ...terms }, { requiredKeys: ['path'] })),
      files: list(
        fc.record(
          { path: pattern, access: fc.constantFrom('read', 'write'), ...terms },
          { requiredKeys: ['path', 'access'] },
        ),
      ),
      ingress: list(fc.record({ from: peer, ports: fc.array(port, { minLength: 1, maxLength: 2 }) })),
      egress: list(fc.record({ to: destination, ports: fc.array(port, { minLength: 1, maxLength: 2 }) })),
      serves: list(
        fc.record(
          {
            methods: fc.constantFrom(['GET'], ['GET', 'PUT']),
            path: template,
            from: fc.array(peer, { minLength: 1, maxLength: 2 }),
            user,
            ...terms,
          },
          { requiredKeys: ['methods', 'path', 'from'] },
        ),
      ),
      publish: list(fc.record({ topic: fc.constantFrom('a', 'a.b', 'a.*', 'a.>', '>', '*.b') })),
      deny: fc.array(
        fc.oneof(
          fc.record({ layer: fc.constant('runtime'), file: pattern }),
          fc.record({ layer: fc.constant('runtime'), executable: pattern }),
          fc.record(
            { layer: fc.constant('network'), to: destination, ports: fc.array(port, { minLength: 1, maxLength: 1 }) },
            { requiredKeys: ['layer', 'to'] },
          ),
          fc.record(
            {
              layer: fc.constant('api'),
              path: template,
              methods: fc.constant(['GET']),
              from: fc.array(peer, { minLength: 1, maxLength: 1 }),
            },
            { requiredKeys: ['layer', 'path'] },
          ),
          fc.record({ layer: fc.constant('api'), publish: fc.constantFrom('a.b', 'a.>') }),
        ),
        { maxLength: 2 },
      ),
    },
    some,
  )
  .map(({ executables, files: opened, ingress, egress: out, serves: served, publish, deny }) =>
    JSON.parse(
      JSON.stringify({
        runtime: { executables: ids(executables, 'x'), files: ids(opened, 'f') },
        network: { ingress: ids(ingress, 'i'), egress: ids(out, 'e') },
        api: { serves: ids(served, 's'), messages: { publish: ids(publish, 'p') } },
        deny: (deny ?? []).map((one, index) => ({ ...one, id: `d${index}` })),
      }),
    ),
  );
function ids(all: readonly object[] | undefined, letter: string): object[] | undefined {
  return all?.map((one, index) => ({ ...one, id: `${letter}${index}` }));
}

type Compiled = ReturnType<typeof compileContract>;
type Ask = (compiled: Compiled) => boolean;

/** Every request of the small universe, by section. */
const universe: readonly (readonly [string, readonly Ask[]])[] = (() => {
  const passes = (decision: { readonly effect: string }) => decision.effect !== 'deny';
  const moments = [now, Date.parse('2026-12-15'), Date.parse('2027-02-01')];
  const paths = [
    '/a',
    '/a/b',
    '/a/x',
    '/a/xy',
    '/a/y',
    '/b',
    '/x/b',
    '/x/y/b',
    '/a/x/b',
    '/z',
    '/etc/secret',
    '/etc/hosts',
  ];
  const attributes = [{}, { environment: 'prod' }, { environment: 'dev' }];
  const claims = [
    null,
    {},
    { scope: 'r w' },
    { scope: 'w' },
    { scope: ['w'] },
    { scope: 'r' },
    { n: 1 },
    { n: 3, scope: 'w' },
  ];
  const ports = [1, 3, 7, 15, 30];
  const asks = {
    executables: moments.flatMap((at) =>
      paths.flatMap((path) =>
        [undefined, ...paths].map(
          (parentPath): Ask =>
            (of) =>
              passes(of.decideExec({ path, parentPath, at })),
        ),
      ),
    ),
    files: moments.flatMap((at) =>
      paths.flatMap((path) =>
        (['read', 'write'] as const).map(
          (access): Ask =>
            (of) =>
              passes(of.decideFile({ path, access, at })),
        ),
      ),
    ),
    ingress: ['a', 'b', 'c', 'gateway'].flatMap((callerService) =>
      attributes.flatMap((held) =>
        ports.flatMap((port) =>
          (['tcp', 'udp'] as const).map(
            (protocol): Ask =>
              (of) =>
                passes(
                  of.decideIngress({
                    caller: 'x',
                    callerService,
                    attributes: { service: callerService, ...held },
                    port,
                    protocol,
                  }),
                ),
          ),
        ),
      ),
    ),
    egress: [
      ...['a', 'b'].flatMap((service) => attributes.map((peerAttributes) => ({ service, peerAttributes }))),
      ...['h.example', 'g.example', 'x'].map((host) => ({ host, byName: true })),
      ...['10.0.0.1', '10.1.0.1', '1.1.1.1', '::1'].flatMap((address) => [{ address }, { address, host: 'h.example' }]),
    ].flatMap((to) =>
      ports.flatMap((port) =>
        (['tcp', 'udp'] as const).map(
          (protocol): Ask =>
            (of) =>
              passes(of.decideEgress({ ...to, port, protocol })),
        ),
      ),
    ),
    serves: moments.flatMap((at) =>
      ['a', 'b', 'c', 'gateway'].flatMap((callerService) =>
        attributes.flatMap((held) =>
          claims.flatMap((user) =>
            ['/', '/a', '/a/', '/a/b', '/a/7', '/a/12345678', '/x/abcdef01', '/a.b', '/a/b/c', '/x/b/c'].flatMap(
              (path) =>
                ['GET', 'PUT'].map(
                  (method): Ask =>
                    (of) =>
                      passes(
                        of.decideServe({
                          caller: 'x',
                          callerService,
                          attributes: { service: callerService, ...held },
                          claims: user,
                          method,
                          path,
                          at,
                        }),
                      ),
                ),
            ),
          ),
        ),
      ),
    ),
    publish: ['a', 'a.b', 'a.c', 'a.b.c', 'b', 'x.b'].map(
      (topic): Ask =>
        (of) =>
          passes(of.decidePublish({ topic, at: now })),
    ),
  };
  return Object.entries(asks);
})();

test('tells of a difference exactly where there is one, against asking every request of a small universe', () => {
  fc.assert(
    fc.property(parts, parts, fc.option(parts, { nil: undefined }), (old, next, limit) => {
      const limits = limit === undefined ? [] : [bound('limit', limit)];
      const [before, after] = [contractSet([document(old)]), contractSet([document(next), ...limits])];
      const found = compareContracts(before, after, now);
      const [one, other] = [before.member('s')?.compiled, after.member('s')?.compiled];
      if (one === undefined || other === undefined) throw new Error('no contract');
      // Nothing here hangs on a condition, so nothing is left open.
      expect(found.rights.filter(({ verdict }) => verdict === 'may-differ')).toEqual([]);
      const told = new Set(found.rights.map(({ change, section }) => `${change} ${section}`));
      for (const [section, asks] of universe) {
        const differing = new Set<string>();
        for (const ask of asks) {
          const [was, is] = [ask(one), ask(other)];
          if (was !== is) differing.add(`${is ? 'added' : 'removed'} ${section}`);
        }
        expect([...told]).toEqual(expect.arrayContaining([...differing]));
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 100) },
  );
}, 120_000);
