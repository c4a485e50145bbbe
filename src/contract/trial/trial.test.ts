import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Contract } from '../../model/index.js';
import { answer } from '../ask/answer.js';
import { contractSet, type SetDocument } from '../ask/contract-set.js';
import { questionOf } from '../ask/question.js';
import { parsePolicyFile } from '../parse.js';
import { type Mutant, mutantsOf } from './mutants.js';
import { mutationsOf } from './mutate.js';
import { coverageOf, type PlacedTest, runTests } from './run-tests.js';
import { ContractTest, ContractTests } from './tests-document.js';

const now = Date.parse('2026-11-23T12:00:00Z');
const head = {
  apiVersion: 'tricordon/v1',
  kind: 'Contract',
  service: 's',
  mode: { runtime: 'enforce', network: 'enforce', api: 'enforce' },
};
const document = (parts: object): SetDocument => ({ file: 's.yaml', document: Contract.parse({ ...head, ...parts }) });
const placed = (tests: readonly object[]): PlacedTest[] =>
  tests.map((one, index) => ({ file: 't.yaml', number: index + 1, test: ContractTest.parse(one) }));

const charge = { id: 'charge', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }], user: {} };
const own = document({
  api: { serves: [charge, { id: 'health', methods: ['GET'], path: '/health', from: [{ builtin: 'any-identity' }] }] },
  runtime: { executables: [{ id: 'node', path: '/usr/bin/node' }] },
  deny: [{ id: 'sh', layer: 'runtime', executable: '/bin/sh' }],
});
const ask = { service: 's', as: 'orders', method: 'POST', path: '/charges', claims: { sub: 'ana' } };

describe('tables of questions', () => {
  const tests = placed([
    { name: 'orders charges', ask, expect: { decision: 'allow', clause: 'charge', side: 's' } },
    { ask: { ...ask, claims: null }, expect: { decision: 'deny', reason: 'claim-missing' } },
    { ask: { ...ask, as: 'web' }, expect: { decision: 'allow', clause: 'x' } },
    { ask: { service: 's' }, expect: { decision: 'deny', reason: 'malformed' } },
    { ask: { service: 's', exec: '/bin/sh' }, expect: 'deny' },
  ]);
  const set = contractSet([own]);
  const results = runTests(set, tests, now);

  test('are answered one by one, and what is wrong is said', () => {
    expect(results.map(({ name, wrong }) => [name, ...wrong])).toEqual([
      ['orders charges'],
      ['test 2'],
      ['test 3', 'decision: expected allow, got deny', 'clause: expected x, got none'],
      ['test 4'],
      ['test 5'],
    ]);
    expect(results[3]?.got.reason).toBe('malformed');
  });

  test('do not take a slip of the pen for a refusal', () => {
    const slips = placed([
      { ask: { service: 't', exec: '/x' }, expect: 'deny' },
      { ask: { service: 's', method: 'get', path: '/' }, expect: 'deny' },
      { ask: { service: 't', exec: '/x' }, expect: { decision: 'deny', reason: 'no-contract' } },
    ]);
    expect(runTests(set, slips, now).map(({ wrong }) => wrong.join())).toEqual([
      expect.stringContaining('no contract'),
      expect.stringContaining('no question'),
      '',
    ]);
  });

  test('reach clauses, denies among them', () => {
    expect(coverageOf(set, results).map(({ clause, exercised }) => `${clause} ${exercised}`)).toEqual([
      'node 0',
      'charge 1',
      'health 0',
      'sh 1',
    ]);
  });

  test('notice mistakes, or not: then a question is told that would', () => {
    const found = [...mutationsOf(set, results, now)].map(({ clause, what, outcome, by, example }) =>
      [clause, what, outcome, by ?? example?.text ?? ''].join(' | '),
    );
    expect(found).toEqual([
      'node | left out | unnoticed | start /usr/bin/node',
      'node | has the path /usr/bin/** | unnoticed | start /usr/bin',
      'charge | left out | noticed | orders charges',
      'charge | asks for no user | noticed | test 2',
      'charge | allows GET as well | unnoticed | GET /charges from orders by a user',
      'charge | has the path /** | unnoticed | POST /other from orders by a user',
      'charge | may be called by any identity | noticed | test 3',
      'health | left out | unnoticed | GET /health from other',
      'health | allows POST as well | unnoticed | POST /health from other',
      'health | has the path /** | unnoticed | GET /other from other',
      // Nothing lists it, so nothing but the reason changes.
      'sh | left out | equivalent | ',
    ]);
  });

  test('what hangs on a condition is left open', () => {
    const conditional = contractSet([
      document({ api: { serves: [{ ...charge, user: undefined, where: 'caller.tenant == "x"' }] } }),
    ]);
    const found = [...mutationsOf(conditional, [], now)].map(({ what, outcome }) => `${what}: ${outcome}`);
    expect(found).toContain('asks for no condition: open');
  });
});

describe('files that are no tables', () => {
  const table = (tests: string) => `apiVersion: tricordon/v1\nkind: ContractTests\ntests:${tests}\n`;
  test.each([
    [table(' []'), /tests/],
    [table('\n  - { ask: { service: s, exec: /x } }'), /line 4.*`tests\.0\.expect` is missing/],
    [table('\n  - { ask: { servce: s, exec: /x }, expect: deny }'), /did you mean `service`/],
    [table('\n  - { ask: { service: s, exec: /x }, expect: { decision: alow } }'), /allow/],
    [`${table(' []')}tests: []\n`, /unique/],
    ['kind: ContractTest\n', /did you mean/],
  ])('%j', (text, message) => {
    expect(() => parsePolicyFile(text, 't.yaml')).toThrow(message);
  });

  test('one that is', () => {
    const parsed = parsePolicyFile(table('\n  - { ask: { service: s, exec: /x }, expect: deny }'), 't.yaml');
    expect(ContractTests.parse(parsed).tests).toHaveLength(1);
  });
});

const template = fc.constantFrom('/a', '/a/b', '/a/{x}', '/{x:int}', '/**');
const peer = fc.constantFrom(
  { service: 'a' },
  { service: 'b' },
  { builtin: 'any-identity' },
  { service: 'a', match: { environment: 'prod' } },
);
const numbered = (all: readonly object[]) => all.map((one, index) => ({ ...one, id: `c${index}` }));
const contracts = fc
  .record({
    serves: fc.array(
      fc.record(
        {
          methods: fc.constantFrom(['GET'], ['GET', 'PUT']),
          path: template,
          from: fc.array(peer, { minLength: 1, maxLength: 2 }),
          user: fc.constantFrom('none', {}),
        },
        { requiredKeys: ['methods', 'path', 'from'] },
      ),
      { maxLength: 4 },
    ),
    deny: fc.array(fc.record({ layer: fc.constant('api'), path: template }), { maxLength: 1 }),
  })
  .map(({ serves, deny }) => ({
    api: { serves: numbered(serves) },
    deny: deny.map((one) => ({ ...one, id: 'd' })),
  }));
const rows = ['a', 'b', 'c'].flatMap((as) =>
  ['/a', '/a/b', '/7', '/x', '/a/b/c'].flatMap((path) =>
    ['GET', 'PUT', 'POST'].flatMap((method) =>
      [null, { sub: 'x' }].flatMap((claims) =>
        [{}, { environment: 'prod' }].map((attributes) => ({ service: 's', as, path, method, claims, attributes })),
      ),
    ),
  ),
);

test('what is said of a mistake is so: asked of the contract with the mistake in it', () => {
  fc.assert(
    fc.property(contracts, fc.subarray(rows, { maxLength: 12 }), (parts, chosen) => {
      const set = contractSet([document(parts)]);
      const decided = (of: typeof set, row: object) => {
        const question = questionOf(row, now);
        if ('problem' in question) throw new Error(question.problem);
        return answer(of, question).decision;
      };
      const results = runTests(
        set,
        placed(chosen.map((row) => ({ name: JSON.stringify(row), ask: row, expect: 'deny' }))),
        now,
      );
      const mutants = mutantsOf(Contract.parse({ ...head, ...parts }));
      for (const [index, { outcome, by, example }] of [...mutationsOf(set, results, now)].entries()) {
        const changed = contractSet([document(withMistake(parts, mutants[index]))]);
        const differs = (row: object) => decided(set, row) !== decided(changed, row);
        if (outcome === 'noticed') expect(differs(JSON.parse(by ?? ''))).toBe(true);
        else expect(chosen.filter(differs)).toEqual([]);
        if (outcome === 'unnoticed') expect(differs(example?.row ?? {})).toBe(true);
        if (outcome === 'equivalent') expect(rows.filter(differs)).toEqual([]);
        expect(outcome).not.toBe('open');
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

function withMistake(
  parts: { readonly api: { readonly serves: readonly object[] }; readonly deny: readonly object[] },
  mutant: Mutant | undefined,
): object {
  if (mutant === undefined) throw new Error('no mutant');
  const change = (list: readonly object[]) =>
    list.flatMap((one) => {
      if ('id' in one && one.id !== mutant.clause) return [one];
      return mutant.replaced === undefined ? [] : [mutant.replaced];
    });
  return mutant.section === 'deny'
    ? { ...parts, deny: change(parts.deny) }
    : { ...parts, api: { serves: change(parts.api.serves) } };
}
