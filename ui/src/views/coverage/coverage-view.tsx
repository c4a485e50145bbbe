/** The first page: what is watched, what is held, and where one could go around. */
import type { CoverageAnswer } from '../../../../src/server/api-types.ts';
import { count, dateTime, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Cord } from '../../parts/cord.tsx';
import { Link } from '../../parts/link.tsx';
import { Empty, Loading, Problem } from '../../parts/notice.tsx';
import { Word } from '../../parts/words.tsx';
import { useResource } from '../../resource.ts';
import type { Topic } from '../../stream.ts';
import { Hosts } from './hosts.tsx';
import { nextCommands } from './next.ts';
import { Services } from './services.tsx';
import { Sockets } from './sockets.tsx';

const topics: readonly Topic[] = ['coverage', 'contracts', 'workloads', 'incidents', 'actions'];

export function CoverageView() {
  const { data, problem, reload } = useResource<CoverageAnswer>('/v1/coverage', topics, 10_000);
  return (
    <>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      {data === undefined ? (
        <>
          <h1 className="sr">Coverage</h1>
          {problem === undefined && <Loading />}
        </>
      ) : (
        <Coverage answer={data} />
      )}
    </>
  );
}

function Coverage({ answer }: { readonly answer: CoverageAnswer }) {
  const { summary, headline } = answer;
  const next = nextCommands(answer.services);
  return (
    <>
      <header className="head">
        <h1>
          <span className="sr">Coverage: </span>
          {headline
            .filter(({ tone }) => tone !== 'warning')
            .map(({ text, tone }) => (
              <span key={text} className={`say-${tone}`}>
                {visible(text, 300)}{' '}
              </span>
            ))}
        </h1>
        {headline.some(({ tone }) => tone === 'warning') && (
          <ul className="notes">
            {headline
              .filter(({ tone }) => tone === 'warning')
              .map(({ text }) => (
                <li key={text}>
                  <Word tone="warning" glyph="half" text={visible(text, 300)} />
                </li>
              ))}
          </ul>
        )}
        {next.length > 0 && (
          <ul className="notes" aria-label="What to do next">
            {next.slice(0, 3).map(({ sentence, command }) => (
              <li key={command}>
                {visible(sentence, 200)} <Command text={command} />
              </li>
            ))}
          </ul>
        )}
        <div className="facts">
          <a href="#hosts">
            <b>{summary.layersWatched} of 3</b> layers watched on {plural(summary.hosts, 'host')}
          </a>
          <a href="#sockets">
            <b>{count(summary.bypassable)}</b> of {plural(answer.sockets.length, 'socket')} can be gone around
          </a>
          <a href="#hosts">
            <b>{count(summary.lost)}</b> events lost
          </a>
          <Link to="/incidents?q=state:open">
            <b>{count(summary.openIncidents)}</b> open {summary.openIncidents === 1 ? 'incident' : 'incidents'}
          </Link>
          <span>as of {dateTime(answer.at)}</span>
        </div>
      </header>
      <Legend />
      <div className="coverage-grid">
        <section id="services" aria-labelledby="services-title">
          <h2 id="services-title">How each service is held</h2>
          {answer.services.length === 0 ? (
            <Empty title="No service is protected yet">
              <p>Start your program behind a sidecar, with an identity and a contract of its own:</p>
              <Command text="tricordon run --service NAME --port PORT -- COMMAND" />
            </Empty>
          ) : (
            <Services services={answer.services} />
          )}
        </section>
        <section id="hosts" aria-labelledby="hosts-title">
          <h2 id="hosts-title">What watches each host</h2>
          {answer.hosts.length === 0 ? (
            <Empty title="No host reports">
              <p>Start everything on this machine with one command:</p>
              <Command text="tricordon up" />
            </Empty>
          ) : (
            <Hosts hosts={answer.hosts} now={answer.at} />
          )}
        </section>
      </div>
      <section id="sockets" aria-labelledby="sockets-title">
        <h2 id="sockets-title">Every listening socket</h2>
        {answer.sockets.length === 0 ? (
          <p className="sub">Nothing of a protected service listens. Sockets appear here when a service runs.</p>
        ) : (
          <Sockets sockets={answer.sockets} />
        )}
      </section>
    </>
  );
}

const legend = [
  ['whole', 'enforced and watched'],
  ['dashed', 'audit, or watched in part'],
  ['dotted', 'learning'],
  ['cut', 'can be gone around'],
  ['broken', 'not watched or not held'],
] as const;

function Legend() {
  return (
    <ul className="legend coverage-legend">
      {legend.map(([state, text]) => (
        <li key={state} className="with-icon">
          <svg className="legend-cord" width="52" height="12" viewBox="0 0 52 12" aria-hidden="true" focusable="false">
            <Cord layer="runtime" state={state} x={0} y={6} width={52} />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}
