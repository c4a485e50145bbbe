import { expect, test } from 'vitest';
import { formatDocument } from './format.js';
import { parseContractDocument } from './parse.js';

const written = `# who pays
kind: Contract
apiVersion: tricordon/v1
mode: {api: enforce, runtime: learn, network: audit}
service: payments # ours
api:
    calls: []
    serves:
    # the public never
    - {path: "/charges/{id:uuid}", id: get, from: [{service: orders}], methods: [GET]}
`;

test('keys stand in the order of the schema, comments stay, and nothing changes its meaning', () => {
  const once = formatDocument(written, 'c.yaml');
  expect(once.split('\n')).toEqual([
    '# who pays',
    'apiVersion: tricordon/v1',
    'kind: Contract',
    'service: payments # ours',
    'mode: { runtime: learn, network: audit, api: enforce }',
    'api:',
    '  serves:',
    '    # the public never',
    '    - { id: get, methods: [ GET ], path: "/charges/{id:uuid}", from: [ { service: orders } ] }',
    '  calls: []',
    '',
  ]);
  expect(formatDocument(once, 'c.yaml')).toBe(once);
  expect(parseContractDocument(once, 'c.yaml')).toEqual(parseContractDocument(written, 'c.yaml'));
});

test('what is no contract is refused, not rewritten', () => {
  expect(() => formatDocument('a: &x 1\nb: *x\n', 'c.yaml')).toThrow(
    expect.objectContaining({ code: 'contract-syntax' }),
  );
  expect(() => formatDocument('kind: Pod\n', 'c.yaml')).toThrow(expect.objectContaining({ code: 'contract-shape' }));
});
