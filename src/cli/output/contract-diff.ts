import { printable } from '../../base/index.js';
import type { DiffAnswer, DiffRow } from '../../server/index.js';
import type { Output } from './output.js';

const marks = { added: '+', removed: '-', changed: '~', mode: '=' } as const;

/** Rights that come and go, with what speaks for those that were learned; then what was left out on purpose. */
export function diffLines(output: Pick<Output, 'table'>, { rows, notLearned, readiness }: DiffAnswer): string {
  const table = output.table(
    ['', 'LAYER', 'RIGHT', 'SEEN', 'FIRST', 'LAST', 'CALLERS', 'SAMPLE'],
    rows.map((row) => [marks[row.change], row.layer ?? '', row.sentence, ...evidenceCells(row)]),
  );
  return [
    ...(rows.length === 0 ? ['no rights differ'] : [table]),
    ...notLearned.map(({ what, why, count }) => printable(`! not learned: ${what} (${why}; seen ${count} times)`, 600)),
    ...(readiness.length === 0 ? [] : ['', ...readiness.map(readinessLine)]),
  ].join('\n');
}

/** How much of what the service does the proposal may be. */
function readinessLine({ layer, value, observed, reasons }: DiffAnswer['readiness'][number]): string {
  const share = value === null ? 'unknown' : `${Math.floor(value * 100)} %`;
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return `readiness of ${layer.padEnd(7)} ${share.padStart(7)} of ${observed} observations${why}`;
}

/** Whatever makes the proposal worth less than it looks. */
export function diffWarnings({ gaps, overflow }: DiffAnswer): string[] {
  return [
    ...gaps.map(({ since, until, sentence }) => {
      const when = since === until ? time(since) : `${time(since)} to ${time(until)}`;
      return printable(`not seen while learning: ${sentence} (${when})`, 600);
    }),
    ...(overflow === 0 ? [] : [`${overflow} different things did not fit: the proposal is incomplete`]),
  ];
}

function evidenceCells({ evidence }: DiffRow): string[] {
  if (evidence === null) return ['', '', '', '', ''];
  return [
    `${evidence.count} times`,
    time(evidence.firstSeen),
    time(evidence.lastSeen),
    evidence.callers.join(' '),
    evidence.sample === null ? '' : evidence.sample.text,
  ];
}

/** As a host's clock says, which may be mad. */
function time(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'unknown time' : `${date.toISOString().slice(0, 19)}Z`;
}
