/** Runs tables of questions against a set of contracts, and finds the clauses that no question reaches. */
import { answer, type Answer, malformed, sidesOf } from '../ask/answer.js';
import type { ContractSet } from '../ask/contract-set.js';
import { type Question, questionOf } from '../ask/question.js';
import { clausesOf, type Section } from '../clauses.js';
import type { ContractTest } from './tests-document.js';

export interface TestResult {
  /** Its own, or `test 3` by its place in the file. */
  readonly name: string;
  readonly file: string;
  readonly passed: boolean;
  /** What was expected and came otherwise, one sentence each. */
  readonly wrong: readonly string[];
  readonly got: Answer;
  /** undefined: the row is no question. */
  readonly question: Question | undefined;
}

export interface PlacedTest {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly test: ContractTest;
}

/** @param now for rows that do not say when, milliseconds since the epoch */
export function runTests(set: ContractSet, tests: readonly PlacedTest[], now: number): readonly TestResult[] {
  return tests.map(({ file, number, test }) => {
    const question = questionOf(test.ask, now);
    const got = 'problem' in question ? malformed(test.ask.service, question) : answer(set, question);
    const wrong = differences(test.expect, got);
    return {
      name: test.name ?? `test ${number}`,
      file,
      passed: wrong.length === 0,
      wrong,
      got,
      question: 'problem' in question ? undefined : question,
    };
  });
}

function differences(expect: ContractTest['expect'], got: Answer): readonly string[] {
  const wanted = typeof expect === 'string' ? { decision: expect } : expect;
  const pairs: readonly (readonly [string, string | undefined, string | null])[] = [
    ['decision', wanted.decision, got.decision],
    ['clause', wanted.clause, got.clause],
    ['reason', wanted.reason, got.reason],
    ['side', wanted.side, got.contract.name],
  ];
  const wrong = pairs.flatMap(([what, value, found]) =>
    value === undefined || value === found ? [] : [`${what}: expected ${value}, got ${found ?? 'none'}`],
  );
  // A slip of the pen in a name must not pass for a refusal that was wanted.
  if (Object.hasOwn(slips, got.reason) && !('reason' in wanted && wanted.reason === got.reason))
    wrong.push(slips[got.reason] ?? '');
  return wrong;
}

const slips: Readonly<Record<string, string>> = {
  'no-contract': 'the service has no contract in the set; expect the reason `no-contract` if that is meant',
  malformed: 'the row is no question; expect the reason `malformed` if that is meant',
};

export interface ClauseCoverage {
  readonly service: string;
  readonly section: Section;
  readonly clause: string;
  /** How many questions this clause decided, on whichever side. */
  readonly exercised: number;
}

/** Clauses of every contract in the set, what it inherits and its exceptions included; mounts are not asked about. */
export function coverageOf(set: ContractSet, results: readonly TestResult[]): readonly ClauseCoverage[] {
  const counted = new Map<string, number>();
  for (const { question } of results) {
    for (const { member, decision } of question === undefined ? [] : sidesOf(set, question)) {
      const key = `${member.contract.service} ${decision.clause ?? ''}`;
      counted.set(key, (counted.get(key) ?? 0) + 1);
    }
  }
  return set.services.flatMap((service) => {
    const member = set.member(service);
    if (member === undefined) return [];
    return clausesOf(member.resolved)
      .filter(({ section }) => section !== 'mounts' && section !== 'subscribe')
      .map(({ section, clause }) => ({
        service,
        section,
        clause: clause.id,
        exercised: counted.get(`${service} ${clause.id}`) ?? 0,
      }));
  });
}
