import { systemClock } from '../../base/index.js';
import {
  type Artefact,
  compilers,
  type Diagnostic,
  emptyPlace,
  nearestName,
  parseAcceptances,
  parsePlace,
  type Reckoning,
  reckon,
  type Target,
  unheldBounds,
} from '../../contract/index.js';
import { Moment } from '../../model/index.js';
import { writeArtefacts } from '../artefact-files.js';
import { CliError, type Command, exitCode, flag, type Invocation, text } from '../command.js';
import { readText } from '../contract-files.js';
import { askedContracts } from '../asked-contracts.js';

/** Exit 2, and nothing is written, when an enforced clause has no effect in a target and nobody answers for that. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const [service = ''] = invocation.arguments;
  const targets = targetsOf(invocation);
  const at = timeOf(text(invocation, 'at'));
  const placeFile = text(invocation, 'place');
  const place = placeFile === undefined ? emptyPlace : parsePlace(await readText(placeFile), placeFile);
  const acceptanceFile = text(invocation, 'acceptances');
  const acceptances =
    acceptanceFile === undefined
      ? []
      : parseAcceptances(
          await readText(acceptanceFile),
          acceptanceFile,
          compilers.map(({ name }) => name),
        );
  const set = await askedContracts(invocation);
  const member = set.member(service);
  if (member === undefined)
    throw new CliError('usage', `there is no contract of \`${service}\``, {
      hint: `known are ${set.services.slice(0, 20).join(', ') || 'none'}`,
    });
  const { resolved: contract, version, digest, bounds } = member;
  const made = targets.map((target) => target.compile({ contract, version, digest, place, at }));
  const artefacts = distinct(made.flatMap((one) => one.artefacts));
  const diagnostics = [
    ...made.flatMap((one) => one.diagnostics),
    ...targets.flatMap(({ name }) => unheldBounds(bounds, name)),
  ];
  const reckoning = reckon(contract, diagnostics, acceptances, at);
  const good = reckoning.refused.length === 0;
  const out = text(invocation, 'out');
  if (good && out !== undefined) await writeArtefacts(out, artefacts, { force: flag(invocation, 'force') });
  output.result({ schemaVersion: 1, ok: good, artefacts: good ? artefacts : [], diagnostics, ...reckoning }, () =>
    [
      output.table(
        ['CLAUSE', 'TARGET', 'LEVEL', 'REASON', 'COMPENSATION'],
        diagnostics.map(({ clause, section, target, level, reason, compensation }) => [
          clause ?? section,
          target,
          level,
          reason,
          compensation,
        ]),
      ),
      ...outcome(reckoning),
      ...(good ? (out === undefined ? artefacts.flatMap(printed) : [writtenLine(artefacts, out)]) : []),
    ].join('\n'),
  );
  return good ? exitCode.done : exitCode.found;
};

function targetsOf(invocation: Invocation): readonly Target[] {
  const known = compilers.map(({ name }) => name);
  const names = [...new Set((text(invocation, 'target') ?? '').split(',').map((name) => name.trim()))];
  return names.map((name) => {
    const target = compilers.find((one) => one.name === name);
    if (target !== undefined) return target;
    const meant = nearestName(name, known);
    throw new CliError('usage', name === '' ? 'for which target?' : `there is no target \`${name}\``, {
      hint: meant === undefined ? `--target ${known.join(',')}` : `did you mean \`${meant}\`?`,
    });
  });
}

function timeOf(given: string | undefined): number {
  if (given === undefined) return systemClock.now();
  const at = Moment.safeParse(given).success ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(at))
    throw new CliError('usage', `\`${given}\` is no time`, { hint: 'write it like 2026-12-01T00:00:00Z' });
  return at;
}

/** Two targets may share a file; it is then the same. */
function distinct(artefacts: readonly Artefact[]): readonly Artefact[] {
  const files = new Map<string, Artefact>();
  for (const artefact of artefacts) {
    const other = files.get(artefact.file);
    if (other !== undefined && other.text !== artefact.text)
      throw new CliError('refused', `two targets write \`${artefact.file}\``, { hint: 'compile them one by one' });
    files.set(artefact.file, artefact);
  }
  return [...files.values()];
}

function outcome({ refused, accepted, ended }: Reckoning): readonly string[] {
  const name = ({ clause, section, target }: Diagnostic) => `\`${clause ?? section}\` in ${target}`;
  return [
    '',
    ...accepted.map(
      ({ diagnostic, by }) => `accepted by ${by.owner} until ${by.until}: ${name(diagnostic)} (${by.reason})`,
    ),
    ...ended.map((one) => `ended at ${one.until}: the acceptance of \`${one.clause ?? one.section}\` by ${one.owner}`),
    ...(refused.length === 0
      ? []
      : [
          `refused: enforced, and without effect there: ${refused.map(name).join(', ')}`,
          'Take another target for it, or let somebody answer for it: --acceptances FILE (clause or section, target, owner, reason, until).',
        ]),
  ];
}

function printed({ file, text: content }: Artefact): readonly string[] {
  return [`==> ${file}`, content];
}

function writtenLine(artefacts: readonly Artefact[], folder: string): string {
  return artefacts.length === 0
    ? 'There is nothing to write: no section of the contract is for these targets.'
    : `Written to ${folder}: ${artefacts.map(({ file }) => file).join(', ')}`;
}
