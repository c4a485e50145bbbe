/** Clause by clause: what was written, what is learned, what is in force, and what a decision would change. */
import { useState } from 'react';
import type { ClauseRow, ReviewAnswer } from '../../../../src/server/api-types.ts';
import { count, dateTime, plural, visible } from '../../format.ts';
import { LayerWord } from '../../parts/layer.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { ModeWord, Word } from '../../parts/words.tsx';
import { type Group, type Section, sides } from './clause-groups.ts';

const step = 50;
const columns = { declared: 'Declared', learned: 'Learned', approved: 'Approved' } as const;
const sectionNames: Readonly<Record<Section, string>> = {
  executables: 'Programs it may start',
  files: 'Files it may open',
  mounts: 'What is mounted into it',
  ingress: 'Who may connect to it',
  egress: 'Where it may connect',
  serves: 'What it serves, and to whom',
  calls: 'What it calls',
  publish: 'Topics it may publish',
  subscribe: 'Topics it may subscribe',
  deny: 'Always refused',
};

interface ClausesProps {
  readonly review: ReviewAnswer;
  readonly group: Group;
  /** Not every clause is asked for: sections without any are left out. */
  readonly narrowed: boolean;
}

export function Clauses({ review, group, narrowed }: ClausesProps) {
  const { layer } = group;
  const shown = group.sections.filter(({ total, managed, rows }) =>
    narrowed ? rows.length > 0 || managed?.approved !== managed?.candidate : total > 0 || managed !== undefined,
  );
  const id = `layer-${layer}`;
  return (
    <section className="clause-layer" aria-labelledby={id}>
      <h2 id={id}>
        <LayerWord layer={layer} />
      </h2>
      <Scroll label={`Clauses of the layer ${layer}, side by side`}>
        <table className="clauses">
          <thead>
            <tr>
              {sides.map((side) => (
                <th key={side} scope="col">
                  <b>{columns[side]}</b> {sideWords(review, side)}
                  {review[side] !== null && (
                    <span className="block">
                      <ModeWord mode={review[side].mode[layer]} />
                    </span>
                  )}
                </th>
              ))}
              <th scope="col">
                <b>Difference</b>{' '}
                {review.candidate === null
                  ? 'nothing to decide'
                  : `${review.approved === null ? 'nothing' : `v${review.approved.version}`} to ${review.candidate.version === null ? 'what is learned' : `v${review.candidate.version}`}`}
                {review.candidate !== null && review.approved?.mode[layer] !== review.candidate.mode[layer] && (
                  <span className="block">
                    would become <ModeWord mode={review.candidate.mode[layer]} />
                  </span>
                )}
              </th>
            </tr>
          </thead>
          {shown.map((section) => (
            <SectionRows key={section.section} review={review} section={section} />
          ))}
        </table>
      </Scroll>
    </section>
  );
}

function SectionRows({
  review,
  section: { section, rows, total, managed },
}: {
  readonly review: ReviewAnswer;
  readonly section: Group['sections'][number];
}) {
  const [most, setMost] = useState(step);
  const hidden = rows.length - most;
  return (
    <tbody>
      <tr className="clause-section">
        <th scope="rowgroup" colSpan={4}>
          {sectionNames[section]}{' '}
          <span className="sub">
            {rows.length === total ? plural(total, 'clause') : `${count(rows.length)} of ${plural(total, 'clause')}`}
          </span>
        </th>
      </tr>
      {managed !== undefined && sides.some((side) => managedWords(managed[side], total) !== '') && (
        <tr className="clause-managed">
          {sides.map((side) => (
            <td key={side} className="sub">
              {managedWords(managed[side], total)}
            </td>
          ))}
          <td className="sub">
            {managed.approved !== managed.candidate && review.candidate !== null ? turn(managed) : ''}
          </td>
        </tr>
      )}
      {rows.slice(0, most).map((row, index) => (
        <Row key={`${index} ${row.candidate?.clause ?? ''}`} row={row} />
      ))}
      {hidden > 0 && (
        <tr>
          <td colSpan={4}>
            <button type="button" className="small" onClick={() => setMost(most + 4 * step)}>
              Show {count(Math.min(hidden, 4 * step))} more of {count(hidden)}: {sectionNames[section].toLowerCase()}
            </button>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Row({ row }: { readonly row: ClauseRow }) {
  return (
    <tr className={row.change === null ? undefined : `clause-${row.change}`}>
      {sides.map((side) => (
        <td key={side}>{row[side] === null ? <span className="faint">—</span> : <ClauseText cell={row[side]} />}</td>
      ))}
      <td className="clause-difference">
        {row.change === null ? null : <Word {...changeWords[row.change]} />}
        {isElsewhere(row) && row.candidate !== null && <ClauseText cell={row.candidate} />}
        {row.evidence !== null && <Evidence evidence={row.evidence} />}
      </td>
    </tr>
  );
}

function ClauseText({ cell }: { readonly cell: { readonly clause: string; readonly text: string } }) {
  const lines = cell.text.split('\n').filter((line) => line !== `id: ${cell.clause}`);
  return (
    <>
      <b className="wrap">{visible(cell.clause, 120)}</b>
      <code className="clause-text">{lines.map((line) => visible(line, 600)).join('\n')}</code>
    </>
  );
}

function Evidence({ evidence }: { readonly evidence: NonNullable<ClauseRow['evidence']> }) {
  const { count: times, firstSeen, lastSeen, callers, sample } = evidence;
  return (
    <details className="clause-evidence">
      <summary>seen {times === 1 ? 'once' : `${count(times)} times`}</summary>
      <dl>
        <dt>First</dt>
        <dd>{dateTime(firstSeen)}</dd>
        <dt>Last</dt>
        <dd>{dateTime(lastSeen)}</dd>
        {callers.length > 0 && (
          <>
            <dt>By</dt>
            <dd className="wrap">{callers.map((caller) => visible(caller, 160)).join(', ')}</dd>
          </>
        )}
        <dt>Sample</dt>
        <dd className="wrap mono">
          {sample === null ? 'only for those who may read observations' : visible(sample.text, 400)}
        </dd>
      </dl>
    </details>
  );
}

const changeWords = {
  added: { tone: 'warning', glyph: 'bang', text: 'added' },
  removed: { tone: 'bad', glyph: 'none', text: 'removed' },
  changed: { tone: 'warning', glyph: 'half', text: 'changed' },
  same: { tone: 'quiet', glyph: 'ring', text: 'same' },
} as const;

function sideWords(review: ReviewAnswer, side: (typeof sides)[number]): string {
  const found = review[side];
  if (found === null) return 'none';
  return found.version === null ? 'just now' : `v${found.version}`;
}

function managedWords(managed: ReviewAnswer['sections'][number]['approved'], total: number): string {
  if (managed === 'unmanaged') return 'not managed: everything passes';
  return managed === 'managed' && total === 0 ? 'nothing is allowed' : '';
}

/** What is proposed stands in no column: a newer version was written or learned since. */
function isElsewhere({ change, candidate, declared, learned }: ClauseRow): boolean {
  return (
    (change === 'added' || change === 'changed') &&
    candidate?.text !== declared?.text &&
    candidate?.text !== learned?.text
  );
}

function turn({ approved, candidate }: ReviewAnswer['sections'][number]): string {
  if (candidate === 'unmanaged') return 'would let everything pass';
  return approved === null ? '' : 'would be managed from now on';
}
