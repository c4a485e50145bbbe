import { printable, systemClock } from '../../base/index.js';
import {
  contractSet,
  type Flip,
  questionOf,
  recordedOf,
  recordedRow,
  type Replay,
  replay,
  type ReplayResult,
} from '../../contract/index.js';
import type { ObservationsAnswer } from '../../server/index.js';
import { CliError, type Command, exitCode, flag, type Invocation, list, text } from '../command.js';
import { goodContractFiles } from '../contract-files.js';
import { jsonLines } from '../json-lines.js';
import { parseLabels } from '../labels.js';
import { apiOf } from '../signed-in.js';

/** Decisions that were recorded, asked again of contracts in files; exit 2 when one is answered otherwise. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const against = text(invocation, 'against');
  if (against === undefined)
    throw new CliError('usage', 'against which contracts?', { hint: 'tricordon contract replay --against contracts/' });
  const set = contractSet(await goodContractFiles(against), {
    labels: parseLabels(list(invocation, 'label'), '--label'),
  });
  const replaying = replay(set, { clauses: flag(invocation, 'clauses') });
  const file = text(invocation, 'requests');
  if (file === undefined) for (const service of set.services) await fromControlPlane(invocation, service, replaying);
  else await fromFile(invocation, file, replaying);
  const result = replaying.result();
  output.result({ schemaVersion: 1, ...result }, () => lines(invocation, result));
  return result.flips.length === 0 ? exitCode.done : exitCode.found;
};

const page = 1_000;

async function fromControlPlane(invocation: Invocation, service: string, replaying: Replay): Promise<void> {
  const api = apiOf(invocation);
  const now = systemClock.now();
  const since = now - durationOf(text(invocation, 'since') ?? '7d');
  let after = '0.0';
  let count = 0;
  for (;;) {
    const query = new URLSearchParams({
      service,
      since: String(since),
      until: String(now),
      after,
      limit: String(page),
    });
    const answer = await api.get<ObservationsAnswer>(`/v1/observations?${query}`);
    for (const observation of answer.observations) {
      const recorded = recordedOf(observation);
      if (recorded !== undefined) replaying.take(recorded);
    }
    count += answer.observations.length;
    if (answer.observations.length < page) return;
    if (count % (20 * page) === 0) invocation.output.progress(`${service}: ${count} observations`);
    after = answer.cursor;
  }
}

const outcomes = ['allow', 'deny', 'would-deny', 'unmanaged'] as const;

/** Rows as `contract decide --requests` reads them, each with the `decision` that was given. */
async function fromFile(invocation: Invocation, file: string, replaying: Replay): Promise<void> {
  const now = systemClock.now();
  let number = 0;
  for await (const line of jsonLines(file)) {
    number += 1;
    if (number % 100_000 === 0) invocation.output.progress(`${number} rows`);
    replaying.take('problem' in line ? { problem: `a row ${line.problem}` } : rowOf(line.value, now, number));
  }
}

function rowOf(value: unknown, now: number, number: number): Parameters<Replay['take']>[0] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'a row is no object' };
  const { decision, clause, reason, count = 1, id = `row ${number}`, ...row } = value as Record<string, unknown>;
  const was = outcomes.find((one) => one === decision);
  if (was === undefined) return { problem: `a row has no \`decision\` of ${outcomes.join(', ')}` };
  if (!Number.isSafeInteger(count) || (count as number) < 1)
    return { problem: 'a row has a `count` that is no number' };
  const question = questionOf(row, now);
  if ('problem' in question) return { problem: printable(`a row ${question.problem}`, 200) };
  const said = (member: unknown) => (typeof member === 'string' ? printable(member, 200) : null);
  return recordedRow(
    question,
    { decision: was, clause: said(clause), reason: said(reason) },
    count as number,
    said(id),
  );
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationOf(given: string): number {
  const [, number, unit] = /^([1-9][0-9]{0,4})([mhd])$/.exec(given) ?? [];
  const factor = units[unit ?? ''];
  if (number === undefined || factor === undefined)
    throw new CliError('usage', `\`--since ${printable(given, 32)}\` is no time`, { hint: 'write 30m, 24h or 7d' });
  return Number(number) * factor;
}

function lines({ output }: Invocation, { flips, moreFlips, same, notReplayed }: ReplayResult): string {
  const table = output.table(
    ['COUNT', 'SERVICE', 'WHO', 'WHAT', 'WAS', 'WOULD BE', 'LAST SEEN', 'EXAMPLE'],
    flips.map(cells),
  );
  const changed = flips.reduce((sum, { count }) => sum + count, 0) + moreFlips;
  return [
    ...(flips.length === 0 ? [] : [table]),
    ...(moreFlips === 0 ? [] : [`and ${moreFlips} more, of other kinds`]),
    `${same} answered as they were, ${changed} otherwise`,
    ...notReplayed.map(({ reason, count }) => `${count} not replayed: ${reason}`),
  ].join('\n');
}

function cells({ count, service, who, what, from, to, before, after, lastSeen, example }: Flip): readonly string[] {
  return [
    String(count),
    service,
    printable(who, 64),
    printable(what, 120),
    answer(from, before),
    answer(to, after),
    Number.isNaN(new Date(lastSeen).getTime()) ? 'unknown' : new Date(lastSeen).toISOString().slice(0, 19),
    example === null ? '' : printable(example, 64),
  ];
}

function answer(decision: string, { clause, reason }: Flip['before']): string {
  return printable([decision, clause ?? reason ?? ''].join(' ').trim(), 120);
}
