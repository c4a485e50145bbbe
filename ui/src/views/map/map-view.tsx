/** Services and what passes between them: as a drawing and as an equal table, with what is known of the selected one. */
import { useMemo } from 'react';
import type { MapAnswer } from '../../../../src/server/api-types.ts';
import { count, plural } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Empty, Loading, Problem } from '../../parts/notice.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import type { Topic } from '../../stream.ts';
import { aggregate, type Drawn } from './aggregate.ts';
import { EdgeTable } from './edge-table.tsx';
import { Facts } from './facts.tsx';
import { Sheet } from './sheet.tsx';

const topics: readonly Topic[] = ['contracts', 'workloads', 'incidents', 'actions'];
const windows = ['1', '5', '15', '60'] as const;

export function MapView() {
  const query = useQuery();
  const minutes = windows.find((known) => known === query.get('minutes')) ?? '5';
  const chosen = query.has('node') || query.has('edge');
  const asTable = query.get('view') === 'table';
  const { data, problem, reload } = useResource<MapAnswer>(`/v1/map?minutes=${minutes}`, topics, 5_000);
  const drawn = useMemo(() => (data === undefined ? undefined : aggregate(data)), [data]);

  return (
    <div className="map">
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <header className="head map-head">
        <div>
          <h1>
            <span className="sr">Map: </span>
            {drawn === undefined ? 'Who calls whom' : <Headline drawn={drawn} />}
          </h1>
          {drawn !== undefined && <Numbers drawn={drawn} />}
          {data !== undefined && data.uncounted > 0 && (
            <p className="say-warning">{count(data.uncounted)} calls were too many to count and are not drawn.</p>
          )}
          {drawn !== undefined && drawn.joined > 0 && (
            <p className="sub">{plural(drawn.joined, 'quiet end')} drawn together, so that the rest can be read.</p>
          )}
        </div>
        <div className="map-tools">
          <label>
            <span className="sr">Look back </span>
            <select value={minutes} onChange={(event) => setQuery({ minutes: event.target.value })}>
              {windows.map((value) => (
                <option key={value} value={value}>
                  last {plural(Number(value), 'minute')}
                </option>
              ))}
            </select>
          </label>
          {/* biome-ignore lint/a11y/useSemanticElements: two buttons, not a set of form fields */}
          <div className="toggle" role="group" aria-label="Show as">
            <button type="button" aria-pressed={!asTable} onClick={() => setQuery({ view: null })}>
              Drawing
            </button>
            <button type="button" aria-pressed={asTable} onClick={() => setQuery({ view: 'table' })}>
              Table
            </button>
          </div>
        </div>
      </header>
      {drawn === undefined ? (
        problem === undefined && <Loading />
      ) : drawn.nodes.length === 0 ? (
        <Empty title="No service is known yet">
          <p>Protect a program, or watch the example shop being attacked and held:</p>
          <Command text="tricordon demo --keep" />
        </Empty>
      ) : (
        <div className={`map-body${chosen ? ' with-side' : ''}`}>
          {asTable ? (
            <EdgeTable drawn={drawn} />
          ) : (
            <Sheet drawn={drawn} selected={query.get('node') ?? query.get('edge')} />
          )}
          {chosen && (
            <Facts drawn={drawn} minutes={Number(minutes)} node={query.get('node')} edge={query.get('edge')} />
          )}
          {!asTable && <Legend />}
        </div>
      )}
    </div>
  );
}

function sums(drawn: Drawn) {
  // The gateway's public door and what lies outside are plain by nature; what reaches a service of ours is not.
  const ours = new Set(drawn.nodes.filter(({ kind }) => kind === 'service').map(({ id }) => id));
  return {
    services: ours.size,
    refused: drawn.edges.reduce((sum, edge) => sum + edge.refused, 0),
    passed: drawn.edges.reduce((sum, edge) => sum + edge.wouldRefuse, 0),
    plain: drawn.edges.filter((edge) => !edge.mtls && ours.has(edge.to)).length,
  };
}

function Headline({ drawn }: { readonly drawn: Drawn }) {
  const { services, refused } = sums(drawn);
  return (
    <>
      {plural(services, 'service')}, {plural(drawn.edges.length, 'connection')}.{' '}
      {refused > 0 ? <span className="say-bad">{plural(refused, 'call')} refused.</span> : 'Nothing was refused.'}
    </>
  );
}

function Numbers({ drawn }: { readonly drawn: Drawn }) {
  const { plain, passed } = sums(drawn);
  return (
    <p className="facts">
      {plain > 0 ? (
        <span className="say-bad">{plural(plain, 'connection')} reached a service without mutual TLS</span>
      ) : (
        <span>every connection to a service was mutual TLS</span>
      )}
      {passed > 0 && <span className="say-warning">{plural(passed, 'call')} let pass against a contract</span>}
    </p>
  );
}

function Legend() {
  return (
    <ul className="legend map-legend">
      <li>Select anything to see what is known of it</li>
      <li>Three strokes in a service: runtime, network, API; broken where not held</li>
      <li>Closed padlock, full line: mutual TLS only</li>
      <li>Open padlock, dashed line: not only</li>
      <li>Cross: refused</li>
      <li>Thicker: more calls</li>
      <li>Dashed frame: outside our hold</li>
    </ul>
  );
}
