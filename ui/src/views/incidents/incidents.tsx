/** Every incident there is, newest first, behind the one filter. */
import { useMemo } from 'react';
import type { IncidentRow, IncidentsAnswer } from '../../../../src/server/api-types.ts';
import { dateTime, duration, plural } from '../../format.ts';
import { type Filterable, filterKeys, matches, parseFilter, toggleTerm } from '../../filter.ts';
import { Link } from '../../parts/link.tsx';
import { Live } from '../../parts/live.tsx';
import { Empty, Loading, ProblemNote } from '../../parts/notes.tsx';
import { LayerIcon, SeverityIcon, ToneIcon } from '../../parts/shapes.tsx';
import { Sentence } from '../../parts/text.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import { incidentStates, layerNames, severityNames, tacticNames } from '../../words.ts';

const topics = ['incidents', 'actions'] as const;
const quick = [
  ['state', 'open'],
  ['severity', 'critical'],
  ['severity', 'high'],
  ['layer', 'runtime'],
  ['layer', 'network'],
  ['layer', 'api'],
] as const;

export function IncidentsView() {
  const { data, problem, reload } = useResource<IncidentsAnswer>('/v1/incidents?limit=500', topics);
  const text = useQuery().get('q') ?? '';
  const filter = useMemo(() => parseFilter(text), [text]);
  if (data === undefined) {
    return problem === undefined ? <Loading what="the incidents" /> : <ProblemNote problem={problem} retry={reload} />;
  }
  const shown = data.incidents.filter((row) => matches(filter, filterable(row)));
  return (
    <div className="incidents">
      {problem !== undefined && <ProblemNote problem={problem} retry={reload} />}
      <header className="lead">
        <h1>{headline(data.incidents)}</h1>
      </header>
      {data.incidents.length === 0 ? (
        <Empty title="No incident yet." command="tricordon demo">
          Signals that hang together over the three layers become one incident here. See a whole one with
        </Empty>
      ) : (
        <>
          <search className="filter">
            <label htmlFor="filter">Filter</label>
            <input
              id="filter"
              type="text"
              spellCheck={false}
              autoComplete="off"
              placeholder="severity:high service:catalog"
              maxLength={400}
              value={text}
              aria-describedby="filter-note"
              aria-invalid={filter.problems.length > 0}
              onChange={(event) => setQuery({ q: event.target.value })}
            />
            <span className="chips">
              {quick.map(([key, value]) => (
                <button
                  key={`${key}:${value}`}
                  type="button"
                  aria-pressed={text.split(/\s+/).includes(`${key}:${value}`)}
                  onClick={() => setQuery({ q: toggleTerm(text, key, value) })}
                >
                  {key}:{value}
                </button>
              ))}
            </span>
            <p id="filter-note" className={filter.problems.length > 0 ? 'ink-bad' : 'faint'}>
              {filter.problems.length > 0
                ? filter.problems.join('; ')
                : `Fields: ${filterKeys.join(', ')}. A comma means or, a leading - means not, score:>80 compares.`}
            </p>
            <p className="hidden" role="status">
              {plural(shown.length, 'incident')} shown
            </p>
          </search>
          {shown.length === 0 ? (
            <Empty title="No incident matches this filter.">
              <button type="button" onClick={() => setQuery({ q: null })}>
                Clear the filter
              </button>
            </Empty>
          ) : (
            <Rows rows={shown} />
          )}
          {data.next !== null && <p className="faint">Only the newest 500 are shown.</p>}
        </>
      )}
    </div>
  );
}

function Rows({ rows }: { rows: readonly IncidentRow[] }) {
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">What happened</th>
            <th scope="col">Layers</th>
            <th scope="col">Tactics</th>
            <th scope="col">State</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td data-label="Severity" className="nowrap">
                <span className={`shown ink-${row.severity}`}>
                  <SeverityIcon severity={row.severity} />
                  {severityNames[row.severity]}
                </span>
                <span className="faint">score {Math.round(row.score)}</span>
              </td>
              <th scope="row" data-label="What happened" className="what">
                <Link to={`/incidents/${row.id}`}>
                  <Sentence text={row.title} limit={240} />
                </Link>
                <span className="faint">
                  {row.id}, {row.services.join(', ')}
                </span>
              </th>
              <td data-label="Layers">
                {row.layers.map((layer) => (
                  <span key={layer} className="shown">
                    <LayerIcon layer={layer} />
                    {layerNames[layer]}
                    <span className="faint inline">{row.signals[layer]}</span>
                  </span>
                ))}
              </td>
              <td data-label="Tactics" className="tactics">
                {row.tactics.map((tactic) => tacticNames[tactic]).join(', ')}
              </td>
              <td data-label="State">
                <Live value={row.state}>
                  <span
                    className={`shown ink-${row.state === 'open' ? 'bad' : row.state === 'contained' ? 'good' : 'plain'}`}
                  >
                    <ToneIcon tone={row.state === 'open' ? 'bad' : row.state === 'contained' ? 'good' : 'plain'} />
                    {incidentStates[row.state]}
                  </span>
                </Live>
                {row.containMs !== null && <span className="faint">contained after {duration(row.containMs)}</span>}
              </td>
              <td data-label="When" className="nowrap">
                {dateTime(row.firstAt)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function filterable(row: IncidentRow): Filterable {
  return {
    fields: {
      severity: [row.severity],
      state: [row.state],
      service: row.services,
      layer: row.layers,
      // By number or by name: `tactic:TA0002`, `tactic:execution`, `tactic:credential-access`.
      tactic: row.tactics.flatMap((tactic) => [tactic, tacticNames[tactic].replaceAll(' ', '-')]),
      id: [row.id],
    },
    score: row.score,
    text: `${row.id} ${row.title} ${row.services.join(' ')}`,
  };
}

function headline(rows: readonly IncidentRow[]): string {
  const open = rows.filter(({ state }) => state === 'open').length;
  const contained = rows.filter(({ state }) => state === 'contained').length;
  if (rows.length === 0) return 'Nothing has happened that hangs together.';
  if (open > 0)
    return `${plural(open, 'incident')} ${open === 1 ? 'is' : 'are'} open${contained > 0 ? `, ${contained} contained` : ''}.`;
  return contained > 0 ? `No incident is open; ${plural(contained, 'is', 'are')} contained.` : 'No incident is open.';
}
