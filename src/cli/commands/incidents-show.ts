import { printable } from '../../base/index.js';
import type { IncidentAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

const marks = { runtime: '■ runtime', network: '◆ network', api: '● api    ' } as const;

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const answer = await api.get<IncidentAnswer>(`/v1/incidents/${encodeURIComponent(invocation.arguments[0] ?? '')}`);
  output.result({ schemaVersion: 1, ...answer }, () => {
    const { row } = answer;
    const lines = [
      output.style('strong', `${row.id}  ${printable(row.title)}`),
      `${row.severity}, ${row.state}. ${answer.stopped.sentence}.`,
      '',
    ];
    for (const step of answer.story) {
      if (step.heading !== null) lines.push('', output.style('strong', step.heading));
      const mark = step.layer === null ? '↺ action ' : marks[step.layer];
      const outcome = step.outcome === 'refused' ? output.style('ok', 'refused') : step.outcome;
      lines.push(
        `  +${(step.afterMs / 1000).toFixed(3)} s  ${mark}  ${printable(step.sentence)}  ${output.style('dim', step.tacticName ?? '')}  ${outcome}`,
        ...step.targets.map((target) => output.style('dim', `      ${printable(target)}`)),
      );
    }
    const section = (title: string, rows: readonly string[]) =>
      rows.length === 0 ? [] : ['', output.style('strong', title), ...rows.map((line) => `  ${line}`)];
    lines.push(
      ...section(
        'What made it possible',
        answer.causes.map((cause) => `${printable(cause.sentence)}${cause.fix === null ? '' : `  (${cause.fix})`}`),
      ),
    );
    lines.push(
      ...section(
        'No longer there',
        answer.gaps.map((gap) => gap.sentence),
      ),
    );
    lines.push(
      ...section(
        'Evidence',
        answer.evidence.map((bundle) => `${bundle.id}: ${bundle.files} files, ${bundle.verified}`),
      ),
    );
    lines.push(
      ...section(
        'Next',
        answer.next.map((next) => `${next.sentence}${next.command === null ? '' : `: ${next.command}`}`),
      ),
    );
    return lines.join('\n');
  });
  return exitCode.done;
};
