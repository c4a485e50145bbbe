/** Every version: who proposed it, who decided, when and why; and an older one compared with what is in force. */
import type { ContractVersionRow, DiffAnswer, ReviewAnswer } from '../../../../src/server/api-types.ts';
import { dateTime, plural, shortDigest, visible } from '../../format.ts';
import { LayerIcon, layerNames } from '../../parts/layer.tsx';
import { Loading, Problem } from '../../parts/notice.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { Word } from '../../parts/words.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import type { Topic } from '../../stream.ts';
import { Modes, origins } from '../contracts/contracts-view.tsx';

const none: readonly Topic[] = [];

export function History({ review }: { readonly review: ReviewAnswer }) {
  const compared = useQuery().get('with');
  const current = review.approved?.version ?? null;
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      <Scroll label="Versions, newest first">
        <table className="history">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">State</th>
              <th scope="col">Proposed</th>
              <th scope="col">Decided</th>
              <th scope="col">Modes</th>
              <th scope="col">Compare</th>
            </tr>
          </thead>
          <tbody>
            {review.history.map((row) => (
              <tr key={row.version}>
                <th scope="row">
                  v{row.version}
                  <code className="sub block" title={row.digest}>
                    {shortDigest(row.digest)}
                  </code>
                </th>
                <td>
                  <Word {...states[row.state]} />
                </td>
                <td>
                  {visible(row.proposedBy, 80)}
                  <span className="sub block">
                    {origins[row.origin]}, {dateTime(row.proposedAt)}
                  </span>
                </td>
                <td>
                  <Decided row={row} />
                </td>
                <td>
                  <Modes mode={row.mode} />
                </td>
                <td>
                  {current !== null && row.version !== current && (
                    <button
                      type="button"
                      className="small"
                      aria-pressed={compared === String(row.version)}
                      aria-label={`Compare v${row.version} with v${current}, which is in force`}
                      onClick={() => setQuery({ with: compared === String(row.version) ? null : String(row.version) })}
                    >
                      with v{current}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {compared !== null && /^[0-9]{1,9}$/.test(compared) && current !== null && (
        <Compared service={review.service} from={Number(compared)} to={current} />
      )}
    </section>
  );
}

function Decided({ row }: { readonly row: ContractVersionRow }) {
  if (row.decidedBy === null || row.decidedAt === null) return <span className="faint">not yet</span>;
  return (
    <>
      {visible(row.decidedBy, 80)}
      <span className="sub block">{dateTime(row.decidedAt)}</span>
      {row.reason !== null && <span className="block wrap">{visible(row.reason, 500)}</span>}
    </>
  );
}

function Compared({ service, from, to }: { readonly service: string; readonly from: number; readonly to: number }) {
  const { data, problem, reload } = useResource<DiffAnswer>(
    `/v1/contracts/${service}/diff?from=${from}&to=${to}`,
    none,
  );
  return (
    <section className="compared" aria-labelledby="compared-title">
      <h3 id="compared-title">
        From v{from} to v{to}
        {data !== undefined &&
          `: ${data.rows.length === 0 ? 'no right differs' : plural(data.rows.length, 'difference')}`}
      </h3>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      {data === undefined && problem === undefined && <Loading />}
      <ul className="rows">
        {data?.rows.map((row, index) => (
          <li key={`${index} ${row.sentence}`} className="wrap">
            <Word {...changes[row.change]} />{' '}
            {row.layer !== null && (
              <>
                <LayerIcon layer={row.layer} />
                <span className="sr">{layerNames[row.layer]}</span>{' '}
              </>
            )}
            {visible(row.sentence, 600)}
          </li>
        ))}
      </ul>
    </section>
  );
}

const states = {
  proposed: { text: 'waits for a decision', tone: 'warning', glyph: 'bang' },
  approved: { text: 'in force', tone: 'good', glyph: 'tick' },
  rejected: { text: 'rejected', tone: 'bad', glyph: 'cross' },
  superseded: { text: 'superseded', tone: 'quiet', glyph: 'ring' },
} as const satisfies Record<ContractVersionRow['state'], unknown>;

const changes = {
  added: { text: 'added', tone: 'warning', glyph: 'bang' },
  removed: { text: 'removed', tone: 'bad', glyph: 'none' },
  changed: { text: 'changed', tone: 'warning', glyph: 'half' },
  mode: { text: 'mode', tone: 'quiet', glyph: 'dots' },
} as const;
