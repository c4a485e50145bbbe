/** One service: everything a person needs to decide about its contract, clause by clause. */
import { useMemo } from 'react';
import type { ReviewAnswer } from '../../../../src/server/api-types.ts';
import { count, dateTime, plural, visible } from '../../format.ts';
import { Link } from '../../parts/link.tsx';
import { Empty, Loading, Problem } from '../../parts/notice.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import type { Topic } from '../../stream.ts';
import { changeCounts, groupsOf } from './clause-groups.ts';
import { Clauses } from './clauses.tsx';
import { Decision } from './decision.tsx';
import { History } from './history.tsx';

const topics: readonly Topic[] = ['contracts'];

export function ContractView({ service }: { readonly service: string }) {
  const { data, problem, reload } = useResource<ReviewAnswer>(`/v1/contracts/${service}/review`, topics, 30_000);
  if (data === undefined && problem?.status === 404) {
    return (
      <>
        <h1>There is no contract of {service}</h1>
        <Empty title="It may have another name">
          <p>
            <Link to="/contracts">All contracts</Link>
          </p>
        </Empty>
      </>
    );
  }
  return (
    <>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <p className="crumb">
        <Link to="/contracts">Contracts</Link>
      </p>
      {data === undefined ? (
        <>
          <h1>{service}</h1>
          {problem === undefined && <Loading />}
        </>
      ) : (
        <Review review={data} reload={reload} />
      )}
    </>
  );
}

function Review({ review, reload }: { readonly review: ReviewAnswer; readonly reload: () => void }) {
  const query = useQuery();
  const text = query.get('q') ?? '';
  const changesOnly = review.candidate !== null && query.get('show') !== 'all';
  const groups = useMemo(() => groupsOf(review, { changesOnly, text }), [review, changesOnly, text]);
  const counts = useMemo(() => changeCounts(review.clauses), [review]);
  const shown = groups.flatMap(({ sections }) => sections).reduce((sum, { rows }) => sum + rows.length, 0);
  return (
    <>
      <header className="head contract-head">
        <h1>
          {review.service}: {headline(review)}
        </h1>
        <div className="facts">
          {review.candidate !== null && (
            <span>
              would add <b>{count(counts.added)}</b>, remove <b>{count(counts.removed)}</b>, change{' '}
              <b>{count(counts.changed)}</b> and keep <b>{count(counts.same)}</b> of its clauses
            </span>
          )}
          <span>
            <b>{count(review.clauses.length)}</b> clauses on all sides
          </span>
        </div>
        <Decision review={review} reload={reload} />
        <Warnings review={review} />
      </header>
      <search className="filter">
        <label htmlFor="clause-filter">Filter</label>
        <input
          id="clause-filter"
          data-filter
          className="mono"
          value={text}
          placeholder="/orders"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setQuery({ q: event.target.value })}
        />
        <kbd>/</kbd>
        {review.candidate !== null && (
          <span className="quick">
            <button type="button" className="small" aria-pressed={changesOnly} onClick={() => setQuery({ show: null })}>
              what would change
            </button>
            <button
              type="button"
              className="small"
              aria-pressed={!changesOnly}
              onClick={() => setQuery({ show: 'all' })}
            >
              every clause
            </button>
          </span>
        )}
        <p className="sub" role="status">
          {plural(shown, 'clause')} of {count(review.clauses.length)}.
        </p>
      </search>
      {groups.map((group) => (
        <Clauses key={group.layer} review={review} group={group} narrowed={changesOnly || text !== ''} />
      ))}
      <History review={review} />
    </>
  );
}

function headline({ proposal, candidate, approved }: ReviewAnswer): string {
  if (proposal !== null) return `v${proposal.version} waits for a decision`;
  if (candidate !== null) return 'is being learned, and nothing is proposed yet';
  return approved === null ? 'no contract is in force, so nothing passes' : `held to v${approved.version}`;
}

/** What the reviewer must know before trusting what is learned. */
function Warnings({ review }: { readonly review: ReviewAnswer }) {
  const { gaps, notLearned, overflow, learnedOn, proposal } = review;
  const lines = [
    ...(learnedOn && proposal !== null
      ? [`Since v${proposal.version} was proposed, other things were learned. Propose again to decide about them too.`]
      : []),
    ...(overflow > 0 ? [`${plural(overflow, 'different thing')} did not fit: what is learned is incomplete.`] : []),
  ];
  if (lines.length + gaps.length + notLearned.length === 0) return null;
  return (
    <div className="contract-warnings" role="note">
      {lines.map((line) => (
        <p key={line} className="say-warning">
          {line}
        </p>
      ))}
      {gaps.length > 0 && (
        <details open={gaps.length <= 3}>
          <summary>{plural(gaps.length, 'gap')} while it was learned: what nobody saw would be forbidden</summary>
          <ul className="sub">
            {gaps.map(({ sentence, since }) => (
              <li key={`${sentence} ${since}`} className="wrap">
                {visible(sentence, 300)}, {dateTime(since)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {notLearned.length > 0 && (
        <details>
          <summary>{plural(notLearned.length, 'thing')} seen, and on purpose not learned</summary>
          <ul className="sub">
            {notLearned.map(({ what, why, count: times }) => (
              <li key={`${what} ${why}`} className="wrap">
                <code>{visible(what, 300)}</code>: {visible(why, 200)}, seen {count(times)} times
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
