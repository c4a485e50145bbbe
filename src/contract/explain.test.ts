import { expect, test } from 'vitest';
import { noContract } from './compile/answers.js';
import { compileContract } from './compile/compile.js';
import { explain, explainNearest } from './explain.js';
import { initialVersion } from './initial.js';

test('a refusal says who, why and what would have passed', () => {
  const version = initialVersion('payments', 'ana', 0);
  const compiled = compileContract({
    ...version,
    version: 3,
    contract: {
      ...version.contract,
      mode: { runtime: 'audit', network: 'audit', api: 'enforce' },
      api: { serves: [{ id: 'refund', methods: ['POST'], path: '/refunds', from: [{ service: 'orders' }] }] },
    },
  });
  const request = {
    caller: 'spiffe://shop/service/catalog',
    callerService: 'catalog',
    method: 'POST',
    path: '/refunds',
  };
  const decision = compiled.decideServe(request);
  expect(explain(decision)).toBe(
    'denied by payments@3: no clause lists this caller; nearest: `refund` wants caller service orders, got service catalog',
  );
  expect(explainNearest(decision)).toBe('`refund` wants caller service orders, got service catalog');
  expect(explain(compiled.decideServe({ ...request, callerService: 'orders' }))).toBe(
    'allowed by payments@3, clause `refund`',
  );
  expect(explain(compiled.decideExec({ path: '/bin/sh' }))).toBe(
    'would be denied by payments@3: no clause lists this program',
  );
  expect(explain(noContract('api'))).toBe('denied: the service has no contract');
});
