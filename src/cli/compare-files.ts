/** `contract diff OLD NEW`: what contracts in files allow that others do not. */
import { printable, systemClock } from '../base/index.js';
import {
  type ClauseFinding,
  type Comparison,
  compareContracts,
  contractSet,
  lintContracts,
  momentOf,
  type RightDifference,
  type SetDocument,
} from '../contract/index.js';
import { CliError, exitCode, type Invocation, list, text } from './command.js';
import { goodContractFiles } from './contract-files.js';
import { parseLabels } from './labels.js';

export async function compareFiles(invocation: Invocation, old: string, next: string): Promise<number> {
  const { output } = invocation;
  for (const name of ['from', 'to'])
    if (text(invocation, name) !== undefined)
      throw new CliError('usage', `\`--${name}\` names versions at the control plane; with two files there are none`);
  const at = text(invocation, 'at');
  const now = at === undefined ? systemClock.now() : momentOf(at);
  if (Number.isNaN(now)) throw new CliError('usage', '`--at` is no time', { hint: 'write 2026-12-01T00:00:00Z' });
  const beside = text(invocation, 'beside');
  const shared = beside === undefined ? [] : (await goodContractFiles(beside)).filter(isShared);
  const labels = parseLabels(list(invocation, 'label'), '--label');
  const read = async (path: string) => contractSet([...(await goodContractFiles(path)), ...shared], { labels });
  const [before, after] = [await read(old), await read(next)];
  const comparison = compareContracts(before, after, now);
  const known = new Set(lintContracts(before, now).map(same));
  const findings = lintContracts(after, now).filter((finding) => !known.has(same(finding)));
  output.result({ schemaVersion: 1, ...comparison, findings }, () => lines(invocation, comparison, findings));
  return comparison.verdict === 'same' ? exitCode.done : exitCode.found;
}

/** Contracts are what is compared; bases and bounds may stand beside. */
function isShared({ document }: SetDocument): boolean {
  return document.kind !== 'Contract';
}

function same({ service, section, clause, kind }: ClauseFinding): string {
  return JSON.stringify([service, section, clause, kind]);
}

const verdicts: Readonly<Record<Comparison['verdict'], string>> = {
  same: 'the same is allowed',
  different: 'different',
  'may-differ': 'may differ: it could not be found out everywhere',
};

function lines(
  { output }: Invocation,
  { verdict, rights, modes, values, services }: Comparison,
  findings: readonly ClauseFinding[],
): string {
  const table = output.table(
    ['', 'SERVICE', 'LAYER', 'CLAUSE', 'EXAMPLE'],
    rights.map((right) => [marks[right.verdict][right.change], right.service, right.layer, right.clause, shown(right)]),
  );
  return [
    ...services.added.map((service) => `+ ${service} has a contract now`),
    ...services.removed.map((service) => `- ${service} has no contract any more: nothing reaches it`),
    ...modes.map(
      ({ service, layer, from, to }) => `= ${service}: ${layer} goes from ${from ?? 'none'} to ${to ?? 'none'}`,
    ),
    ...values.map(({ service, name, change, from, to }) =>
      printable(`= ${service}: ${name} goes from ${from} to ${to}${change === 'other' ? '' : ` (${change})`}`, 600),
    ),
    ...(rights.length === 0 ? [] : [table]),
    ...findings.map(({ service, clause, message }) => printable(`! ${service}: clause \`${clause}\`: ${message}`, 600)),
    verdicts[verdict],
  ].join('\n');
}

const marks: Readonly<Record<RightDifference['verdict'], Readonly<Record<RightDifference['change'], string>>>> = {
  different: { added: '+', removed: '-' },
  'may-differ': { added: '+?', removed: '-?' },
};

function shown({ example, why }: RightDifference): string {
  const text = example === null ? '' : example.text;
  return printable([text, ...(why === null ? [] : [`(${why})`])].join(' ').trim(), 600);
}
