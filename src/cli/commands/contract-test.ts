import { printable, systemClock } from '../../base/index.js';
import {
  type ClauseCoverage,
  contractSet,
  coverageOf,
  type MutantResult,
  mutationsOf,
  runTests,
  type TestResult,
} from '../../contract/index.js';
import { CliError, type Command, exitCode, flag, type Invocation, list, text } from '../command.js';
import { goodPolicyFiles } from '../contract-files.js';
import { parseLabels } from '../labels.js';

/** Tables of questions among the contracts of a folder; exit 2 when an answer is another than the one that is expected. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const [folder = '.'] = invocation.arguments;
  const least = leastCoverage(invocation);
  const { documents, tests } = await goodPolicyFiles(folder);
  const placed = tests.flatMap(({ file, table }) =>
    table.tests.map((test, index) => ({ file, number: index + 1, test })),
  );
  if (placed.length === 0)
    throw new CliError('usage', `there are no tests in \`${printable(folder, 200)}\``, {
      hint: 'write a file with `kind: ContractTests` beside the contracts; see docs/guide/contracts.md',
    });
  const set = contractSet(documents, { labels: parseLabels(list(invocation, 'label'), '--label') });
  const now = systemClock.now();
  const results = runTests(set, placed, now);
  const clauses = coverageOf(set, results);
  const mutants: MutantResult[] = [];
  if (flag(invocation, 'mutate')) {
    for (const mutant of mutationsOf(set, results, now)) {
      mutants.push(mutant);
      if (mutants.length % 500 === 0) output.progress(`${mutants.length} mistakes tried`);
    }
  }
  const failed = results.filter(({ passed }) => !passed);
  const exercised = clauses.filter((clause) => clause.exercised > 0).length;
  const coverage = clauses.length === 0 ? 100 : (100 * exercised) / clauses.length;
  const ok = failed.length === 0 && coverage >= least;
  output.result(
    {
      schemaVersion: 1,
      ok,
      tests: results.map(({ question: _question, ...result }) => result),
      coverage: { percent: Number(coverage.toFixed(1)), clauses },
      mutants,
    },
    () => lines(invocation, results, clauses, mutants, coverage, least),
  );
  return ok ? exitCode.done : exitCode.found;
};

function leastCoverage(invocation: Invocation): number {
  const given = text(invocation, 'requireCoverage');
  if (given === undefined) return 0;
  if (!/^(100|[0-9]{1,2})$/.test(given))
    throw new CliError('usage', `\`--require-coverage ${printable(given, 32)}\` is no percentage`, {
      hint: 'write a whole number from 0 to 100',
    });
  return Number(given);
}

function lines(
  { output }: Invocation,
  results: readonly TestResult[],
  clauses: readonly ClauseCoverage[],
  mutants: readonly MutantResult[],
  coverage: number,
  least: number,
): string {
  const failed = results.filter(({ passed }) => !passed);
  const unseen = clauses.filter(({ exercised }) => exercised === 0);
  const unnoticed = mutants.filter(({ outcome }) => outcome === 'unnoticed');
  const count = (outcome: MutantResult['outcome']) => mutants.filter((mutant) => mutant.outcome === outcome).length;
  return [
    ...failed.flatMap(({ name, file, wrong, got }) => [
      `${output.style('bad', 'failed')}  ${printable(`${file}: ${name}`, 400)}: ${wrong.join('; ')}`,
      ...got.nearest.map(({ clause, predicate, wanted, got: found }) =>
        printable(`        nearest ${clause}: ${predicate} wanted ${wanted}, got ${found}`, 600),
      ),
    ]),
    ...unseen.map(({ service, section, clause }) => `no test reaches  ${service}: ${section} \`${clause}\``),
    ...unnoticed.map(({ service, section, clause, what, example }) =>
      printable(`no test notices  ${service}: ${section} \`${clause}\` ${what}${tryIt(example)}`, 700),
    ),
    `${results.length} tests, ${failed.length} failed`,
    `${coverage.toFixed(0)} % of ${clauses.length} clauses reached${coverage < least ? `, ${least} % asked for` : ''}`,
    ...(mutants.length === 0
      ? []
      : [
          `${mutants.length} mistakes tried: ${count('noticed')} noticed, ${count('unnoticed')} not, ${count('equivalent')} change nothing, ${count('open')} open`,
        ]),
  ].join('\n');
}

function tryIt(example: MutantResult['example']): string {
  if (example === null) return '';
  return example.row === null ? `; try: ${example.text}` : `; try: ${JSON.stringify(example.row)}`;
}
