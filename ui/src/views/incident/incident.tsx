/** One incident in the order one reads it: what happened, was it stopped, what made it possible, what to do, proof. */
import { type FormEvent, useCallback, useState } from 'react';
import type { IncidentAnswer, IncidentStateRequest } from '../../../../src/server/api-types.ts';
import { ApiError, post } from '../../api.ts';
import { dateTime, duration, plural, visible } from '../../format.ts';
import { Fix } from '../../parts/command.tsx';
import { Link } from '../../parts/link.tsx';
import { Live } from '../../parts/live.tsx';
import { Empty, Loading, ProblemNote } from '../../parts/notes.tsx';
import { LayerIcon, SeverityIcon, ToneIcon } from '../../parts/shapes.tsx';
import { ViewSwitch } from '../../parts/switch.tsx';
import { Hostile, Sentence } from '../../parts/text.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import { useMay } from '../../session.ts';
import { incidentStates, layerNames, layers, severityNames } from '../../words.ts';
import { Actions } from './actions.tsx';
import { EvidenceList } from './evidence.tsx';
import { Lanes } from './lanes.tsx';
import { StepsTable } from './steps-table.tsx';
import { Story } from './story.tsx';
import { TouchedGraph, TouchedTable } from './touched.tsx';

const topics = ['incidents', 'actions', 'evidence', 'contracts'] as const;
const asGraph = { value: 'graph', label: 'Graph' };
const asTable = { value: 'table', label: 'Table' };

export function IncidentView({ id }: { id: string }) {
  const { data, problem, reload } = useResource<IncidentAnswer>(`/v1/incidents/${id}`, topics);
  const query = useQuery();
  const onSelect = useCallback((index: number) => setQuery({ step: index === 0 ? null : String(index + 1) }), []);
  if (data === undefined) {
    if (problem?.status === 404) {
      return (
        <Empty title={`There is no incident ${id}.`}>
          See <Link to="/incidents">all incidents</Link>.
        </Empty>
      );
    }
    return problem === undefined ? <Loading what={id} /> : <ProblemNote problem={problem} retry={reload} />;
  }
  const { story, row } = data;
  const step = Math.min(Math.max(0, story.length - 1), Math.max(0, Number(query.get('step') ?? '1') - 1 || 0));
  return (
    <article className="incident">
      {problem !== undefined && <ProblemNote problem={problem} retry={reload} />}
      <Head answer={data} onChanged={reload} />
      <div className="incident-body">
        <div className="told">
          <section aria-labelledby="happened">
            <h2 id="happened">What happened</h2>
            {story.length === 0 ? (
              <p className="faint">Its signals are no longer kept.</p>
            ) : (
              <Story story={story} selected={step} onSelect={onSelect} />
            )}
          </section>
          <section aria-labelledby="causes">
            <h2 id="causes">What made it possible</h2>
            <Causes causes={data.causes} />
          </section>
          <section aria-labelledby="next">
            <h2 id="next">What to do next</h2>
            <Next next={data.next} />
          </section>
        </div>
        <div className="drawn">
          <section aria-labelledby="axis">
            <div className="section-head">
              <h2 id="axis">On one time axis</h2>
              <ViewSwitch
                name="lanes"
                label="Show the steps as"
                value={query.get('lanes') ?? 'graph'}
                options={[{ value: 'graph', label: 'Lanes' }, asTable]}
              />
            </div>
            {query.get('lanes') === 'table' ? (
              <StepsTable story={story} selected={step} />
            ) : (
              <Lanes story={story} containedAt={row.containedAt} selected={step} onSelect={onSelect} />
            )}
          </section>
          <section aria-labelledby="touched">
            <div className="section-head">
              <h2 id="touched">Who touched what</h2>
              <ViewSwitch
                name="touched"
                label="Show who touched what as"
                value={query.get('touched') ?? 'graph'}
                options={[asGraph, asTable]}
              />
            </div>
            {data.touched.edges.length === 0 ? (
              <p className="faint">The events behind the signals are no longer kept.</p>
            ) : query.get('touched') === 'table' ? (
              <TouchedTable graph={data.touched} />
            ) : (
              <TouchedGraph graph={data.touched} />
            )}
          </section>
          <section aria-labelledby="actions">
            <h2 id="actions">Actions</h2>
            <Actions incident={id} actions={data.actions} closed={row.state === 'closed'} onChanged={reload} />
          </section>
          <section aria-labelledby="evidence">
            <h2 id="evidence">Evidence</h2>
            <EvidenceList evidence={data.evidence} />
          </section>
        </div>
      </div>
    </article>
  );
}

function Head({ answer, onChanged }: { answer: IncidentAnswer; onChanged: () => void }) {
  const { row, stopped } = answer;
  const total = layers.reduce((sum, layer) => sum + row.signals[layer], 0);
  return (
    <header className="lead">
      <p className="crumbs">
        <span className={`shown ink-${row.severity}`}>
          <SeverityIcon severity={row.severity} />
          {severityNames[row.severity]}
        </span>
        <span>{row.id}</span>
        <span>
          {row.services.map((service) => (
            <Link key={service} to={`/map?select=${encodeURIComponent(`service:${service}`)}`}>
              {service}
            </Link>
          ))}
        </span>
        <time>{dateTime(row.firstAt)}</time>
        <Live value={row.state}>
          <b>{incidentStates[row.state]}</b>
        </Live>
      </p>
      <h1>
        <Sentence text={row.title} limit={400} />
      </h1>
      <p className={`stopped ink-${stopped.contained ? 'good' : 'bad'}`}>
        <ToneIcon tone={stopped.contained ? 'good' : 'bad'} />
        <Live value={stopped.sentence}>
          <Sentence text={stopped.sentence} limit={200} />
        </Live>
      </p>
      <div className="with-tools">
        <ul className="facts">
          <li>
            detected <b>{duration(row.detectMs)}</b> after the first event
          </li>
          <li>
            <b>{total}</b> {total === 1 ? 'signal' : 'signals'}:
            {layers.map((layer) => (
              <span key={layer} className="shown by-layer">
                <LayerIcon layer={layer} />
                {row.signals[layer]} {layerNames[layer]}
              </span>
            ))}
          </li>
          <li>{plural(row.tactics.length, 'tactic')}</li>
          <li>
            score <b>{Math.round(row.score)}</b>
          </li>
        </ul>
        {row.state !== 'closed' && <Decide id={row.id} state={row.state} onChanged={onChanged} />}
      </div>
    </header>
  );
}

/** Triaged or closed, by a person, with a reason that stands in the audit trail. */
function Decide({
  id,
  state,
  onChanged,
}: {
  id: string;
  state: IncidentAnswer['row']['state'];
  onChanged: () => void;
}) {
  const may = useMay('operate');
  const [asking, setAsking] = useState<IncidentStateRequest['state'] | undefined>(undefined);
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<ApiError | undefined>(undefined);
  if (!may) return null;
  if (asking === undefined) {
    return (
      <div className="buttons">
        {state !== 'triaged' && (
          <button type="button" onClick={() => setAsking('triaged')}>
            Triage
          </button>
        )}
        <button type="button" onClick={() => setAsking('closed')}>
          Close
        </button>
      </div>
    );
  }
  return (
    <form className="decide" onSubmit={send}>
      <label htmlFor="reason">{asking === 'closed' ? 'Why may it be closed?' : 'What was found?'}</label>
      <input
        id="reason"
        required
        maxLength={500}
        value={reason}
        // biome-ignore lint/a11y/noAutofocus: the button that was pressed was replaced by this field
        autoFocus
        onChange={(event) => setReason(event.target.value)}
      />
      <button type="submit" className="go">
        {asking === 'closed' ? 'Close' : 'Triage'}
      </button>
      <button type="button" className="quiet" onClick={() => setAsking(undefined)}>
        Cancel
      </button>
      {problem !== undefined && <ProblemNote problem={problem} />}
    </form>
  );

  function send(event: FormEvent): void {
    event.preventDefault();
    if (asking === undefined) return;
    const request: IncidentStateRequest = { state: asking, reason: reason.trim() };
    post(`/v1/incidents/${id}/state`, request).then(
      () => {
        setAsking(undefined);
        onChanged();
      },
      (error: unknown) => {
        if (error instanceof ApiError) setProblem(error);
      },
    );
  }
}

function Causes({ causes }: { causes: IncidentAnswer['causes'] }) {
  if (causes.length === 0)
    return <p className="faint">No layer let a step pass that its contract could have refused.</p>;
  return (
    <ul className="causes">
      {causes.map((cause) => (
        <li key={cause.sentence}>
          <LayerIcon layer={cause.layer} />
          <div>
            <p>
              <Sentence text={cause.sentence} limit={300} />
            </p>
            <p className="faint">
              <Hostile text={cause.detail} limit={300} />
            </p>
            {cause.fix !== null && <Fix text={cause.fix} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Next({ next }: { next: IncidentAnswer['next'] }) {
  if (next.length === 0) return <p className="faint">Nothing is left to do.</p>;
  return (
    <ol className="next">
      {next.map(({ sentence, command }) => (
        <li key={sentence}>
          <p>{visible(sentence, 300)}</p>
          {command !== null && <Fix text={command} />}
        </li>
      ))}
    </ol>
  );
}
