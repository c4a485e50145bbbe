import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compileContract, contractDigest, initialVersion } from '../../src/contract/index.js';
import type { ServeRequest } from '../../src/contract/index.js';
import type { Contract } from '../../src/model/index.js';

interface Clause {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly callers: readonly string[];
}
interface Request {
  readonly method: string;
  readonly path: string;
  readonly caller: string;
}
interface Size {
  readonly callers: number;
  readonly clauses: number;
  readonly requests: number;
  readonly seed?: number;
}

const { workload } = await part<{
  workload(size: Size): { readonly clauses: readonly Clause[]; readonly requests: readonly Request[] };
}>('workload');
const { agree } = await part<{
  agree(answers: {
    readonly engine: string;
    readonly requests: readonly Request[];
    readonly expected: readonly (string | null)[];
    readonly got: readonly (string | null)[];
  }): void;
}>('agreement');
const { contractOf, serveRequest } = await part<{
  contractOf(clauses: readonly Clause[]): Contract;
  serveRequest(request: Request): ServeRequest;
}>('contract');
const { regoData, regoInput } = await part<{
  regoData(clauses: readonly Clause[]): Record<'literal' | 'integer', Index>;
  regoInput(request: Request): Request & { readonly head: string; readonly last: string };
}>('rego-input');
const { routeIndex } = await part<{
  routeIndex(clauses: readonly Clause[]): (request: Request) => string | undefined;
}>('routes');
const { bytesPerDecision } = await part<{ bytesPerDecision(count: number, decide: () => void): number }>('allocation');

type Index = Record<string, Record<string, Record<string, string>>>;

const sizes: readonly Size[] = [
  { callers: 1, clauses: 1, requests: 200 },
  { callers: 10, clauses: 10, requests: 2_000 },
  { callers: 2_000, clauses: 500, requests: 2_000 },
];

test.each(sizes)('a contract of $clauses clauses decides as their plain reading does', (size) => {
  const { clauses, requests } = workload(size);
  const expected = requests.map((request) => read(clauses, request));
  agree({ engine: 'contract', requests, expected, got: requests.map(decided(clauses)) });
});

test.each(sizes)('what the peers are given of $clauses clauses says the same', (size) => {
  const { clauses, requests } = workload(size);
  const { literal, integer } = regoData(clauses);
  const routeOf = routeIndex(clauses);
  for (const request of requests) {
    const { method, path, caller, head, last } = regoInput(request);
    const typed = /^[0-9]{1,20}$/.test(last) ? integer[method]?.[head]?.[caller] : undefined;
    expect(literal[method]?.[path]?.[caller] ?? typed ?? null).toBe(read(clauses, request));
    const route = clauses.find(({ id }) => id === routeOf(request));
    expect(route?.callers.includes(caller) === true ? route.id : null).toBe(read(clauses, request));
  }
});

test('the mix is the same every time, and about four of five requests are allowed', () => {
  const size = { callers: 100, clauses: 1_000, requests: 10_000 };
  const made = workload(size);
  expect(workload(size)).toEqual(made);
  expect(workload({ ...size, seed: 2 }).requests).not.toEqual(made.requests);
  const allowed = made.requests.filter((request) => read(made.clauses, request) !== null).length;
  expect(allowed / made.requests.length).toBeGreaterThan(0.77);
  expect(allowed / made.requests.length).toBeLessThan(0.83);
});

test('clauses name one to three callers, no two the same operation, and some have a parameter', () => {
  const { clauses } = workload({ callers: 50, clauses: 400, requests: 0 });
  expect(new Set(clauses.map(({ method, path }) => `${method} ${path}`)).size).toBe(400);
  expect(new Set(clauses.map(({ callers }) => callers.length))).toEqual(new Set([1, 2, 3]));
  expect(clauses.filter(({ path }) => path.endsWith('/{id:int}')).length).toBe(100);
});

test('an engine that allows what the others refuse ends the measuring', () => {
  const { clauses, requests } = workload({ callers: 10, clauses: 10, requests: 200 });
  const expected = requests.map((request) => read(clauses, request));
  const got = [...expected];
  got[got.lastIndexOf(null)] = 'clause-3';
  const { caller, method, path } = requests[expected.lastIndexOf(null)] ?? { caller: '', method: '', path: '' };
  expect(() => agree({ engine: 'other', requests, expected, got })).toThrow(
    `other disagrees on ${caller} ${method} ${path}: expected a deny, got an allow by clause-3`,
  );
});

test('an engine that refuses, names another clause or leaves out answers ends it as well', () => {
  const requests = [{ caller: 'a', method: 'GET', path: '/' }];
  const compare = (got: readonly (string | null)[]) => () =>
    agree({ engine: 'other', requests, expected: ['clause-1'], got });
  expect(compare([null])).toThrow('expected an allow by clause-1, got a deny');
  expect(compare(['clause-2'])).toThrow('expected an allow by clause-1, got an allow by clause-2');
  expect(compare([])).toThrow('other answers 0 of 1 requests');
  expect(compare(['clause-1'])).not.toThrow();
});

test('allocation is not measured where the collector cannot be asked to run first', () => {
  expect(() => bytesPerDecision(1_000, () => {})).toThrow('--expose-gc');
});

/** The first clause, read one after the other, that takes the request. */
function read(clauses: readonly Clause[], { method, path, caller }: Request): string | null {
  const found = clauses.find(
    (clause) =>
      clause.method === method &&
      clause.callers.includes(caller) &&
      new RegExp(`^${clause.path.replace('{id:int}', '[0-9]{1,20}')}$`).test(path),
  );
  return found?.id ?? null;
}

function decided(clauses: readonly Clause[]): (request: Request) => string | null {
  const contract = contractOf(clauses);
  const { decideServe } = compileContract({
    ...initialVersion(contract.service, 'test', 0),
    contract,
    digest: contractDigest(contract),
  });
  return (request) => {
    const { effect, clause } = decideServe(serveRequest(request));
    return effect === 'allow' ? clause : null;
  };
}

async function part<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(`${import.meta.dirname}/${name}.mjs`).href)) as T;
}
