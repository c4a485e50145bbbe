/** One incident, in reading order: what happened, was it stopped, what made it possible, what to do, proof. */
import { useMemo } from 'react';
import type { CoverageAnswer, IncidentAnswer } from '../../../../src/server/api-types.ts';
import { dateTime, duration, plural, visible } from '../../format.ts';
import { Link } from '../../parts/link.tsx';
import { Empty, Loading, Problem } from '../../parts/notice.tsx';
import { IncidentWord, SeverityWord, Word } from '../../parts/words.tsx';
import { useResource } from '../../resource.ts';
import { setQuery, useQuery } from '../../router.ts';
import type { Topic } from '../../stream.ts';
import { Actions } from './actions.tsx';
import { Causes } from './causes.tsx';
import { Decision } from './decision.tsx';
import { Evidence } from './evidence.tsx';
import { Gaps } from './gaps.tsx';
import { Lanes } from './lanes.tsx';
import { Next } from './next.tsx';
import { Story } from './story.tsx';
import { TouchedGraph } from './touched-graph.tsx';
import { unwatchedLanes } from './unwatched.ts';

const topics: readonly Topic[] = ['incidents', 'actions', 'evidence', 'contracts'];
const coverageTopics: readonly Topic[] = ['coverage'];

export function IncidentView({ id }: { readonly id: string }) {
  const { data, problem, reload } = useResource<IncidentAnswer>(`/v1/incidents/${id}`, topics);
  if (data !== undefined) {
    return (
      <>
        {problem !== undefined && <Problem problem={problem} retry={reload} />}
        <Incident answer={data} reload={reload} />
      </>
    );
  }
  if (problem?.status === 404) {
    return (
      <>
        <h1>There is no {id}</h1>
        <Empty title="Perhaps it is another one">
          <p>
            <Link to="/incidents">All incidents</Link>
          </p>
        </Empty>
      </>
    );
  }
  return (
    <>
      <h1 className="sr">{id}</h1>
      {problem === undefined ? <Loading /> : <Problem problem={problem} retry={reload} />}
    </>
  );
}

function Incident({ answer, reload }: { readonly answer: IncidentAnswer; readonly reload: () => void }) {
  const { row, stopped, story } = answer;
  const coverage = useResource<CoverageAnswer>('/v1/coverage', coverageTopics);
  const unwatched = useMemo(() => unwatchedLanes(row.services, coverage.data), [row.services, coverage.data]);
  const chosen = useQuery().get('step');
  const selected =
    story.find((step) => step.id === chosen || step.signals.some((id) => `signal:${id}` === chosen))?.id ??
    story[0]?.id;
  const select = (step: string) => setQuery({ step });
  const signals = row.signals.runtime + row.signals.network + row.signals.api;

  return (
    <article className="incident">
      <header className="head incident-head">
        <p className="crumb">
          <Link to="/incidents">Incidents</Link>
          <b>{row.id}</b>
          <SeverityWord severity={row.severity} />
          <IncidentWord state={row.state} />
          <span>{dateTime(row.firstAt)}</span>
        </p>
        <h1>{visible(row.title, 300)}</h1>
        <div className="incident-line">
          <div className="facts">
            <span className="stopped">
              <Word
                tone={stopped.contained ? 'good' : 'bad'}
                glyph={stopped.contained ? 'tick' : 'bang'}
                text={visible(stopped.sentence, 160)}
              />
            </span>
            <span>
              <b>{signals}</b> {signals === 1 ? 'signal' : 'signals'} on <b>{row.layers.length}</b>{' '}
              {row.layers.length === 1 ? 'layer' : 'layers'}, <b>{row.tactics.length}</b>{' '}
              {row.tactics.length === 1 ? 'tactic' : 'tactics'}
            </span>
            <span>
              opened after <b>{duration(row.detectMs)}</b>
            </span>
            <span>
              score <b>{Math.round(row.score)}</b>
            </span>
          </div>
          <Decision row={row} reload={reload} />
        </div>
      </header>
      <div className="incident-grid">
        <section className="area-story" aria-labelledby="story-title">
          <h2 id="story-title">What happened</h2>
          <Story story={story} selected={selected} select={select} />
        </section>
        <section className="area-lanes" aria-labelledby="lanes-title">
          <h2 id="lanes-title">On three layers, on one clock</h2>
          <Lanes story={story} containedAt={stopped.at} unwatched={unwatched} selected={selected} select={select} />
        </section>
        <section className="area-touched" aria-labelledby="touched-title">
          <h2 id="touched-title">Who touched what</h2>
          <TouchedGraph touched={answer.touched} />
        </section>
        <section className="area-causes" aria-labelledby="causes-title">
          <h2 id="causes-title">What made it possible</h2>
          <Causes causes={answer.causes} />
        </section>
        <section className="area-actions" aria-labelledby="actions-title">
          <h2 id="actions-title">Containment</h2>
          <Actions incident={row.id} state={row.state} actions={answer.actions} reload={reload} />
        </section>
        <section className="area-next" aria-labelledby="next-title">
          <h2 id="next-title">What to do next</h2>
          <Next next={answer.next} />
        </section>
        <section className="area-evidence" aria-labelledby="evidence-title">
          <h2 id="evidence-title">Evidence</h2>
          <Evidence evidence={answer.evidence} />
          <Gaps gaps={answer.gaps} />
        </section>
      </div>
      <p className="sr" role="status">
        {plural(story.length, 'step')}
      </p>
    </article>
  );
}
