/** The first page: which layers are watched where, how each service is held, and what anyone could go around. */
import type { CoverageAnswer } from '../../../../src/server/api-types.ts';
import { clockTime, count, plural } from '../../format.ts';
import { Link } from '../../parts/link.tsx';
import { Live } from '../../parts/live.tsx';
import { Empty, Loading, ProblemNote } from '../../parts/notes.tsx';
import { Sentence } from '../../parts/text.tsx';
import { useResource } from '../../resource.ts';
import { Hosts } from './hosts.tsx';
import { Services } from './services.tsx';
import { Sockets } from './sockets.tsx';

const topics = ['coverage', 'workloads', 'contracts', 'incidents'] as const;

export function CoverageView() {
  const { data, problem, reload } = useResource<CoverageAnswer>('/v1/coverage', topics, 15_000);
  if (data === undefined) {
    return problem === undefined ? <Loading what="the coverage" /> : <ProblemNote problem={problem} retry={reload} />;
  }
  return (
    <div className="coverage">
      {problem !== undefined && <ProblemNote problem={problem} retry={reload} />}
      <Headline answer={data} />
      <section aria-labelledby="hosts-title">
        <h2 id="hosts-title">What is watched</h2>
        {data.hosts.length === 0 ? (
          <Empty title="No host reports yet, so nothing is watched." command="tricordon up">
            An agent on this machine comes with
          </Empty>
        ) : (
          <Hosts hosts={data.hosts} now={data.at} />
        )}
      </section>
      <section aria-labelledby="services-title">
        <h2 id="services-title">How each service is held</h2>
        {data.services.length === 0 ? (
          <Empty title="No service is protected yet." command="tricordon run --service NAME --port PORT -- COMMAND">
            Wrap any process, in any language, with
          </Empty>
        ) : (
          <Services services={data.services} />
        )}
      </section>
      <section aria-labelledby="sockets-title">
        <h2 id="sockets-title">Every listening socket</h2>
        {data.sockets.length === 0 ? (
          <Empty title="No protected service listens on anything." />
        ) : (
          <Sockets sockets={data.sockets} />
        )}
      </section>
    </div>
  );
}

function Headline({ answer }: { answer: CoverageAnswer }) {
  const { summary } = answer;
  return (
    <header className="lead">
      <h1>
        {answer.headline.map(({ text, tone }, index) => (
          <span key={index} className={tone === 'plain' ? undefined : `ink-${tone}`}>
            <Sentence text={text} limit={300} />{' '}
          </span>
        ))}
      </h1>
      <ul className="facts">
        <li>
          <b>
            <Live value={summary.layersWatched}>{summary.layersWatched} of 3</Live>
          </b>{' '}
          layers watched on {plural(summary.hosts, 'host')}
        </li>
        <li>
          <b>
            <Live value={summary.lost}>{count(summary.lost)}</Live>
          </b>{' '}
          {summary.lost === 1 ? 'event' : 'events'} lost
        </li>
        <li>
          <b className={summary.bypassable > 0 ? 'ink-bad' : undefined}>
            <Live value={summary.bypassable}>{count(summary.bypassable)}</Live>
          </b>{' '}
          {summary.bypassable === 1 ? 'socket' : 'sockets'} can be gone around
        </li>
        <li>
          <Link to="/incidents?q=state:open">
            <b>
              <Live value={summary.openIncidents}>{count(summary.openIncidents)}</Live>
            </b>{' '}
            open {summary.openIncidents === 1 ? 'incident' : 'incidents'}
          </Link>
        </li>
        <li className="faint">as of {clockTime(answer.at).slice(0, 8)}</li>
      </ul>
    </header>
  );
}
