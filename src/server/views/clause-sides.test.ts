import { expect, test } from 'vitest';
import { clausesOf, emptyContract, parseContract, printClause } from '../../contract/index.js';
import type { Contract } from '../../model/index.js';
import { clauseRows, sectionRows, type Sides } from './clause-sides.js';

const empty = emptyContract('payments', 'learn');
const none: Sides = { declared: null, learned: null, approved: null, candidate: null };
type Serve = NonNullable<NonNullable<Contract['api']>['serves']>[number];
const serve = (id: string, path: string, ...from: string[]): Serve => ({
  id,
  methods: ['GET'],
  path,
  from: from.map((service) => ({ service })),
});
const serving = (...serves: Serve[]): Contract => ({ ...empty, api: { serves, calls: [] } });

test('clauses that speak of the same thing share a row, whatever they are called and in whatever order', () => {
  const approved = serving(serve('a', '/a', 'orders', 'web'), serve('b', '/b', 'orders'), serve('c', '/c', 'orders'));
  const candidate = serving(serve('d', '/d', 'orders'), serve('b', '/b', 'web'), serve('x', '/a', 'web', 'orders'));
  const rows = clauseRows({ ...none, approved, candidate, learned: candidate });
  expect(rows.map(({ approved, candidate, change }) => [approved?.clause, candidate?.clause, change])).toEqual([
    ['a', 'x', 'same'],
    ['b', 'b', 'changed'],
    ['c', undefined, 'removed'],
    [undefined, 'd', 'added'],
  ]);
});

test('nothing is said to change while nothing waits for a decision', () => {
  const approved = serving(serve('a', '/a', 'orders'));
  expect(clauseRows({ ...none, approved, declared: serving() }).map(({ change }) => change)).toEqual([null]);
});

test('what only the declared contract has is shown, and no part of the decision', () => {
  const approved = serving(serve('a', '/a', 'orders'));
  const rows = clauseRows({ ...none, approved, candidate: approved, declared: serving(serve('old', '/old', 'web')) });
  expect(rows.map(({ declared, change }) => [declared?.clause, change])).toEqual([
    [undefined, 'same'],
    ['old', null],
  ]);
});

test('no clause of any side is lost, also where one side says a thing twice', () => {
  const approved = parseContract(`
apiVersion: tricordon/v1
kind: Contract
service: payments
mode: { runtime: audit, network: audit, api: audit }
runtime:
  executables: [{ id: run-node, path: /usr/bin/node }, { id: run-gpg, path: /usr/bin/gpg, from: /usr/bin/node }]
  files: [{ id: read-a, path: /a, access: read }, { id: write-a, path: /a, access: write }]
network:
  ingress: [{ id: one, from: { service: orders }, ports: [tcp/1] }, { id: two, from: { service: orders }, ports: [tcp/2] }]
  egress: [{ id: out, to: { cidr: 10.0.0.0/8 }, ports: [tcp/443] }]
api:
  serves: [{ id: a, methods: [GET], path: /a, from: [{ service: orders }] }]
  calls: [{ id: c, to: { service: bank }, methods: [POST], path: /pay }]
deny:
  - { id: no-metadata, layer: network, to: { cidr: 169.254.169.254/32 } }
`);
  const rows = clauseRows({ ...none, approved, candidate: approved });
  expect(rows.map(({ approved }) => approved?.clause)).toEqual(clausesOf(approved).map(({ clause }) => clause.id));
  expect(rows.every(({ change }) => change === 'same')).toBe(true);
  const [first] = clausesOf(approved);
  expect(rows[0]?.approved?.text).toBe(first === undefined ? '' : printClause(first.clause));
  expect(rows[0]?.approved?.text).toBe('id: run-node\npath: /usr/bin/node');
});

test('a section that nobody manages differs from one that allows nothing', () => {
  const { runtime: _runtime, ...unmanaged } = empty;
  const rows = sectionRows({ ...none, approved: empty, candidate: unmanaged });
  expect(rows.find(({ section }) => section === 'files')).toEqual({
    section: 'files',
    declared: null,
    learned: null,
    approved: 'managed',
    candidate: 'unmanaged',
  });
});
