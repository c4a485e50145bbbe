import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Contract } from '../../model/index.js';
import { compileContract } from '../compile/compile.js';
import { emptyContract, initialVersion } from '../initial.js';
import { diffContracts, diffRows, isEmptyDiff } from './diff.js';

const base: Contract = {
  ...emptyContract('payments', 'audit'),
  api: {
    serves: [{ id: 'one', methods: ['GET', 'POST'], path: '/charges/{id:int}', from: [{ service: 'orders' }] }],
    calls: [],
  },
};
const serving = (...serves: NonNullable<NonNullable<Contract['api']>['serves']>): Contract => ({
  ...base,
  api: { serves, calls: [] },
});
const clause = { id: 'x', methods: ['GET'], path: '/a', from: [{ service: 'orders' }] };

describe('the difference of two contracts', () => {
  test('a service without a contract had no right at all', () => {
    const diff = diffContracts(null, base);
    expect(diff.added.map(({ right }) => right)).toEqual([
      'service orders may call GET /charges/{id:int} of payments',
      'service orders may call POST /charges/{id:int} of payments',
    ]);
    expect(diff.added[0]?.example).toBe('GET /charges/42 by orders');
    expect(diff.modes).toContainEqual({ layer: 'api', from: null, to: 'audit' });
    expect(diff.removed).toEqual([]);
  });

  test('splitting, renaming and reordering clauses is no change', () => {
    const split = serving(
      { id: 'b', methods: ['POST'], path: '/charges/{other:int}', from: [{ service: 'orders' }] },
      { id: 'a', methods: ['GET'], path: '/charges/{id:int}', from: [{ service: 'orders' }] },
    );
    expect(isEmptyDiff(diffContracts(base, split))).toBe(true);
    expect(isEmptyDiff(diffContracts(split, base))).toBe(true);
  });

  test('widening shows what comes, narrowing what goes', () => {
    const wide = serving({ ...clause, path: '/a/**' });
    const narrow = serving({ ...clause, path: '/a/{id:int}' });
    expect(diffContracts(narrow, wide)).toMatchObject({
      removed: [],
      added: [{ example: 'GET /a/any/thing by orders' }],
    });
    expect(diffContracts(wide, narrow)).toMatchObject({
      added: [],
      removed: [{ right: 'service orders may call GET /a/** of payments' }],
    });
  });

  test('an unmanaged section counts as every right', () => {
    const { api: _api, ...unmanaged } = base;
    const diff = diffContracts(base, unmanaged);
    expect(diff.added.map(({ right }) => right)).toEqual([
      'anyone with an identity may call payments (not managed)',
      'payments may call any operation (not managed)',
    ]);
    expect(diff.removed).toEqual([]);
    expect(diffContracts(unmanaged, base).removed).toHaveLength(2);
  });

  test('denies and modes are shown, as rows with a sign', () => {
    const denied: Contract = {
      ...base,
      mode: { ...base.mode, api: 'enforce' },
      deny: [{ id: 'no-meta', layer: 'network', to: { cidr: '169.254.169.254/32' } }],
    };
    expect(diffRows(diffContracts(base, denied))).toEqual([
      ['~', 'api', '-', 'api goes from audit to enforce', 'deviations are refused'],
      ['-', 'network', 'no-meta', 'forbids connecting to 169.254.169.254/32', 'connecting to 169.254.169.254/32'],
    ]);
  });

  test('hostile names are escaped', () => {
    const evil: Contract = { ...base, runtime: { executables: [{ id: 'x', path: '/bin/\u001b[2J' }], files: [] } };
    expect(JSON.stringify(diffContracts(base, evil))).toContain('\\\\x1b');
    expect(diffContracts(base, evil).added[0]?.right).not.toContain('\u001b');
  });
});

test('what a diff does not call added was allowed before', () => {
  const segment = fc.constantFrom('a', '17', '{x:int}', '{x:slug}', '{x:hex}', '{x}', '{x:date}', '{x:uuid}');
  const path = fc
    .tuple(fc.uniqueArray(segment, { maxLength: 2, selector: (text) => text.replace(/:.*|\}/g, '') }), fc.boolean())
    .map(([parts, rest]) => `/${[...parts, ...(rest ? ['**'] : [])].join('/')}`);
  const from = fc.constantFrom(
    { service: 'orders' },
    { service: 'gateway' },
    { builtin: 'public' as const },
    { builtin: 'any-identity' as const },
  );
  const serves = fc.array(fc.record({ path, from: fc.array(from, { minLength: 1, maxLength: 2 }) }), { maxLength: 3 });
  const build = (list: { path: string; from: ({ service: string } | { builtin: 'public' | 'any-identity' })[] }[]) => {
    const contract = serving(...list.map((each, index) => ({ id: `c${index}`, methods: ['GET'], ...each })));
    return { ...contract, mode: { ...contract.mode, api: 'enforce' as const } };
  };
  const parts = fc.constantFrom(
    'a',
    '17',
    'deadbeef',
    '12345678',
    '2026-01-31',
    'a-b',
    '6f1c2b1e-52a7-4d0c-9f0e-2f6f2d1c8a11',
    'x.y',
  );
  fc.assert(
    fc.property(
      serves,
      serves,
      fc.array(parts, { maxLength: 3 }),
      fc.constantFrom('orders', 'gateway', 'z'),
      (before, after, words, who) => {
        const diff = diffContracts(build(before), build(after));
        const allows = (list: typeof before) =>
          compileContract({ ...initialVersion('payments', 'a', 0), contract: build(list) }).decideServe({
            caller: 'x',
            callerService: who,
            method: 'GET',
            path: `/${words.join('/')}`,
          }).effect === 'allow';
        if (allows(after) && !allows(before)) expect(diff.added.length).toBeGreaterThan(0);
        if (allows(before) && !allows(after)) expect(diff.removed.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 2_000 },
  );
});
