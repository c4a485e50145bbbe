/** All incidents, newest first, narrowed by the one filter grammar; the filter is in the URL. */
import { useMemo, useState } from 'react';
import type { IncidentRow, IncidentsAnswer } from '../../../../src/server/api-types.ts';
import { ApiError, get } from '../../api.ts';
import { type Filterable, filterKeys, matches, parseFilter, toggleTerm } from '../../filter.ts';
import { dateTime, duration, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { LayerIcon, layerNames, layers } from '../../parts/layer.tsx';
import { Link } from '../../parts/link.tsx';
import { Empty, Loading, Problem } from '../../parts/notice.tsx';
import { IncidentWord, SeverityWord } from '../../parts/words.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import type { Topic } from '../../stream.ts';
import { tacticNames } from '../tactics.ts';
import { Scroll } from '../../parts/scroll.tsx';

const topics: readonly Topic[] = ['incidents'];
const quick = [
  ['state', 'open'],
  ['state', 'contained'],
  ['severity', 'critical,high'],
  ['layer', 'runtime'],
] as const;

export function IncidentsView() {
  const { data, problem, reload } = useResource<IncidentsAnswer>('/v1/incidents?limit=200', topics);
  const [older, setOlder] = useState<{ rows: readonly IncidentRow[]; next: string | null }>();
  const [olderProblem, setOlderProblem] = useState<ApiError>();
  const text = useQuery().get('q') ?? '';
  const filter = useMemo(() => parseFilter(text), [text]);
  const rows = useMemo(() => {
    const first = data?.incidents ?? [];
    const known = new Set(first.map(({ id }) => id));
    return [...first, ...(older?.rows ?? []).filter(({ id }) => !known.has(id))];
  }, [data, older]);
  const shown = rows.filter((row) => matches(filter, filterable(row)));
  const next = older === undefined ? (data?.next ?? null) : older.next;

  const loadOlder = () => {
    get<IncidentsAnswer>(`/v1/incidents?limit=200&before=${next}`).then(
      (answer) => setOlder((before) => ({ rows: [...(before?.rows ?? []), ...answer.incidents], next: answer.next })),
      (error: unknown) => setOlderProblem(error instanceof ApiError ? error : undefined),
    );
  };

  return (
    <>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <header className="head">
        <h1>{data === undefined ? 'Incidents' : headline(rows)}</h1>
      </header>
      {data === undefined ? (
        problem === undefined && <Loading />
      ) : rows.length === 0 ? (
        <Empty title="Nothing to show, which is what one hopes for">
          <p>
            An incident appears here when signals of one or more layers hang together. To see one, attack the example
            shop:
          </p>
          <Command text="tricordon demo --keep" />
        </Empty>
      ) : (
        <>
          <search className="filter">
            <label htmlFor="filter">Filter</label>
            <input
              id="filter"
              data-filter
              className="mono"
              value={text}
              placeholder="severity:high service:catalog"
              spellCheck={false}
              autoComplete="off"
              aria-describedby="filter-note"
              onChange={(event) => setQuery({ q: event.target.value })}
            />
            <kbd>/</kbd>
            <span className="quick">
              {quick.map(([key, value]) => (
                <button
                  key={value}
                  type="button"
                  className="small"
                  aria-pressed={text.split(/\s+/).includes(`${key}:${value}`)}
                  onClick={() => setQuery({ q: toggleTerm(text, key, value) })}
                >
                  {key}:{value}
                </button>
              ))}
            </span>
            <p id="filter-note" className={`sub${filter.problems.length > 0 ? ' say-bad' : ''}`} role="status">
              {filter.problems.length > 0
                ? filter.problems.map((line) => visible(line, 200)).join('; ')
                : `${plural(shown.length, 'incident')} of ${rows.length}. Fields: ${filterKeys.join(', ')}; a leading - means not.`}
            </p>
          </search>
          <Rows rows={shown} />
          {olderProblem !== undefined && <Problem problem={olderProblem} />}
          {next !== null && (
            <button type="button" onClick={loadOlder}>
              Show older ones
            </button>
          )}
        </>
      )}
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly IncidentRow[] }) {
  if (rows.length === 0) return <p className="none">No incident matches. Take a term out of the filter to see more.</p>;
  return (
    <Scroll label="Incidents">
      <table className="incidents">
        <thead>
          <tr>
            <th scope="col">Incident</th>
            <th scope="col">What happened</th>
            <th scope="col">Signals by layer</th>
            <th scope="col">State</th>
            <th scope="col" className="num">
              Detected
            </th>
            <th scope="col" className="num">
              Contained
            </th>
            <th scope="col" className="num">
              Score
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td className="id">
                <SeverityWord severity={row.severity} />
                <span className="sub block">{row.id}</span>
              </td>
              <th scope="row">
                <Link to={`/incidents/${row.id}`} className="name">
                  {visible(row.title, 240)}
                </Link>
                <span className="sub block">
                  {dateTime(row.openedAt)}
                  {row.tactics.length > 0 &&
                    `; ${row.tactics
                      .slice(0, 4)
                      .map((tactic) => tacticNames[tactic])
                      .join(', ')}`}
                  {row.tactics.length > 4 && ` and ${row.tactics.length - 4} more`}
                </span>
              </th>
              <td>
                <span className="by-layer">
                  {layers.map((layer) => (
                    <span key={layer} className={`with-icon${row.signals[layer] === 0 ? ' nothing' : ''}`}>
                      <LayerIcon layer={layer} />
                      <span className="sr">{layerNames[layer]} </span>
                      {row.signals[layer]}
                    </span>
                  ))}
                </span>
              </td>
              <td>
                <IncidentWord state={row.state} />
              </td>
              <td className="num">after {duration(row.detectMs)}</td>
              <td className="num">{row.containMs === null ? 'not yet' : `after ${duration(row.containMs)}`}</td>
              <td className="num">
                <b>{Math.round(row.score)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function headline(rows: readonly IncidentRow[]) {
  const open = rows.filter(({ state }) => state === 'open').length;
  const contained = rows.filter(({ state }) => state === 'contained').length;
  if (rows.length === 0) return 'No incident so far.';
  return (
    <>
      {open === 0 ? 'No incident is open. ' : <span className="say-bad">{plural(open, 'incident')} open. </span>}
      {contained > 0 && `${contained} contained and waiting for a look. `}
      {open === 0 && contained === 0 && `${plural(rows.length, 'incident')} looked at and decided.`}
    </>
  );
}

function filterable(row: IncidentRow): Filterable {
  return {
    fields: {
      severity: [row.severity],
      state: [row.state],
      service: row.services,
      layer: row.layers,
      tactic: row.tactics.flatMap((tactic) => [tactic, tacticNames[tactic]]),
      id: [row.id],
    },
    score: row.score,
    text: `${row.id} ${row.title} ${row.services.join(' ')}`,
  };
}
