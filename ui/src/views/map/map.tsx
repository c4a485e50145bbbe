/** Who calls whom: services, the lines between them, and what was refused on them. */
import { useCallback, useMemo } from 'react';
import type { MapAnswer } from '../../../../src/server/api-types.ts';
import { count, plural } from '../../format.ts';
import { Live } from '../../parts/live.tsx';
import { Empty, Loading, ProblemNote } from '../../parts/notes.tsx';
import { ViewSwitch } from '../../parts/switch.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import { aggregate } from './aggregate.ts';
import { Canvas } from './canvas.tsx';
import { layoutOf } from './layout.ts';
import { SidePanel } from './side-panel.tsx';
import { Tables } from './tables.tsx';

const topics = ['coverage', 'workloads', 'contracts', 'incidents'] as const;
const windows = [5, 15, 60];

export function MapView() {
  const query = useQuery();
  const asked = Number(query.get('minutes'));
  const minutes = windows.includes(asked) ? asked : 5;
  const { data, problem, reload } = useResource<MapAnswer>(`/v1/map?minutes=${minutes}`, topics, 5_000);
  const selected = query.get('select');
  const onSelect = useCallback((id: string | null) => setQuery({ select: id }), []);
  if (data === undefined) {
    return problem === undefined ? <Loading what="the map" /> : <ProblemNote problem={problem} retry={reload} />;
  }
  return (
    <div className="map-view">
      {problem !== undefined && <ProblemNote problem={problem} retry={reload} />}
      <header className="lead with-tools">
        <Headline answer={data} minutes={minutes} />
        <div className="tools">
          <ViewSwitch
            name="minutes"
            label="Time"
            value={String(minutes)}
            options={windows.map((value) => ({ value: String(value), label: `${value} min` }))}
          />
          <ViewSwitch
            name="view"
            label="Show as"
            value={query.get('view') === 'table' ? 'table' : 'graph'}
            options={[
              { value: 'graph', label: 'Graph' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </div>
      </header>
      {data.nodes.length === 0 ? (
        <Empty title="No service is protected yet." command="tricordon run --service NAME --port PORT -- COMMAND">
          The map draws itself from real traffic. Wrap a process with
        </Empty>
      ) : (
        <div className="map-body">
          {query.get('view') === 'table' ? (
            <Tables answer={data} selected={selected} onSelect={onSelect} />
          ) : (
            <Graph answer={data} selected={selected} onSelect={onSelect} />
          )}
          <SidePanel answer={data} selected={selected} onSelect={onSelect} />
        </div>
      )}
    </div>
  );
}

function Graph({
  answer,
  selected,
  onSelect,
}: {
  answer: MapAnswer;
  selected: string | null;
  onSelect: (id: string | null) => void;
}) {
  const picture = useMemo(() => aggregate(answer), [answer]);
  const layout = useMemo(() => layoutOf(picture), [picture]);
  return (
    <div>
      <Canvas layout={layout} selected={selected} onSelect={onSelect} />
      {picture.folded > 0 && (
        <p className="faint">
          {plural(picture.folded, 'quiet node is', 'quiet nodes are')} folded here; the table lists all of them.
        </p>
      )}
    </div>
  );
}

function Headline({ answer, minutes }: { answer: MapAnswer; minutes: number }) {
  const refused = answer.edges.reduce((sum, edge) => sum + edge.refused, 0);
  const inside = answer.edges.filter(({ from, to }) => !/^(public|outside)/.test(from) && !/^outside/.test(to));
  const mtls = inside.filter((edge) => edge.mtls).length;
  const services = answer.nodes.filter(({ kind }) => kind === 'service').length;
  return (
    <div>
      <h1>
        {plural(services, 'service')}, {plural(answer.edges.length, 'way')} between them and the outside
        {refused > 0 && (
          <>
            ;{' '}
            <span className="ink-bad">
              <Live value={refused}>{count(refused)}</Live> refused
            </span>
          </>
        )}
        .
      </h1>
      <ul className="facts">
        <li>
          <b>
            {mtls} of {inside.length}
          </b>{' '}
          ways between services are mutual TLS
        </li>
        <li>last {minutes} minutes</li>
        {answer.uncounted > 0 && (
          <li className="ink-warning">{count(answer.uncounted)} older events are not counted</li>
        )}
      </ul>
    </div>
  );
}
