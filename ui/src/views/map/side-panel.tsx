/** Facts about what is chosen on the map, each with the way to its rows. */
import type { MapAnswer, MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { count, dateTime, duration, plural, rate, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { Cord, ShownWord } from '../../parts/cord.tsx';
import { Identity } from '../../parts/identity.tsx';
import { Link } from '../../parts/link.tsx';
import { LockIcon } from '../../parts/shapes.tsx';
import { Hostile } from '../../parts/text.tsx';
import { holdShown, layerNames, modeWords, nodeKinds } from '../../words.ts';

export function SidePanel({
  answer,
  selected,
  onSelect,
}: {
  answer: MapAnswer;
  selected: string | null;
  onSelect: (id: string | null) => void;
}) {
  const node = answer.nodes.find(({ id }) => id === selected);
  const edge = answer.edges.find(({ id }) => id === selected);
  return (
    <aside className="panel" aria-label="What is chosen">
      {node !== undefined ? (
        <NodeFacts node={node} answer={answer} onSelect={onSelect} />
      ) : edge !== undefined ? (
        <EdgeFacts edge={edge} answer={answer} onSelect={onSelect} />
      ) : (
        <Nothing answer={answer} gone={selected !== null} />
      )}
    </aside>
  );
}

function Nothing({ answer, gone }: { answer: MapAnswer; gone: boolean }) {
  const refused = answer.edges.reduce((sum, edge) => sum + edge.refused, 0);
  const plain = answer.edges.filter(({ mtls }) => !mtls).length;
  return (
    <>
      <h2>{gone ? 'What was chosen is gone' : 'Choose a service or a line'}</h2>
      <dl className="pairs">
        <dt>Services</dt>
        <dd>{count(answer.nodes.filter(({ kind }) => kind === 'service').length)}</dd>
        <dt>Ways between them</dt>
        <dd>{count(answer.edges.length)}</dd>
        <dt>Refused in this time</dt>
        <dd className={refused > 0 ? 'ink-bad' : undefined}>{count(refused)}</dd>
        <dt>Without mutual TLS</dt>
        <dd>{count(plain)}</dd>
      </dl>
      <p className="faint">
        Three strokes in a box say how a service is held. A wider line is more traffic, a dashed one is not mutual TLS,
        a red one had refusals.
      </p>
    </>
  );
}

function NodeFacts({ node, answer, onSelect }: { node: MapNode; answer: MapAnswer; onSelect: (id: string) => void }) {
  const calls = answer.edges.filter(({ from }) => from === node.id);
  const called = answer.edges.filter(({ to }) => to === node.id);
  return (
    <>
      <p className="faint">{nodeKinds[node.kind]}</p>
      <h2>
        <Hostile text={node.label} limit={120} />
      </h2>
      {node.openIncident !== null && (
        <p>
          <Link to={`/incidents/${node.openIncident}`} className="ink-bad">
            {node.openIncident} is open
          </Link>
        </p>
      )}
      {node.holds.length > 0 && (
        <ul className="holds">
          {node.holds.map((hold) => (
            <li key={hold.layer}>
              <span>{layerNames[hold.layer]}</span>
              <Cord layer={hold.layer} shown={holdShown[hold.hold]} />
              <ShownWord shown={holdShown[hold.hold]} />
              {hold.hold !== 'enforced' && (
                <span className="faint">
                  <Hostile text={hold.reason} limit={200} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      <dl className="pairs">
        {node.identity !== null && (
          <>
            <dt>Identity</dt>
            <dd>
              <Identity id={node.identity} />
            </dd>
          </>
        )}
        {node.contract !== null && (
          <>
            <dt>Contract</dt>
            <dd>
              v{node.contract.version}, {modeWords(node.contract.mode)}
            </dd>
          </>
        )}
        {node.kind !== 'outside' && node.kind !== 'public' && (
          <>
            <dt>Runs</dt>
            <dd>
              {plural(node.workloads, 'workload')}
              {node.hosts.length > 0 && ` on ${node.hosts.map((host) => visible(host, 40)).join(', ')}`}, {node.state}
            </dd>
          </>
        )}
      </dl>
      {node.kind === 'outside' && (
        <p className="faint">We hold nothing here: only what our services do towards it is seen.</p>
      )}
      <EdgeList title="Calls" edges={calls} end="to" answer={answer} onSelect={onSelect} />
      <EdgeList title="Is called by" edges={called} end="from" answer={answer} onSelect={onSelect} />
      {node.service !== null && (
        <p className="panel-foot">
          <Link to={`/incidents?q=service:${node.service}`}>Its incidents</Link>
          <Command text={`tricordon contract show ${node.service}`} />
        </p>
      )}
    </>
  );
}

function EdgeList({
  title,
  edges,
  end,
  answer,
  onSelect,
}: {
  title: string;
  edges: readonly MapEdge[];
  end: 'from' | 'to';
  answer: MapAnswer;
  onSelect: (id: string) => void;
}) {
  if (edges.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="edges">
        {edges.slice(0, 30).map((edge) => (
          <li key={edge.id}>
            <button type="button" className="textual" onClick={() => onSelect(edge.id)}>
              <LockIcon closed={edge.mtls} />
              <Hostile text={nameOf(answer, edge[end])} limit={60} />
            </button>
            <span className="faint inline">{rate(edge.ratePerSecond)}</span>
            {edge.refused > 0 && <span className="ink-bad">{count(edge.refused)} refused</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function EdgeFacts({ edge, answer, onSelect }: { edge: MapEdge; answer: MapAnswer; onSelect: (id: string) => void }) {
  return (
    <>
      <p className="faint">{edge.protocol === 'http' ? 'Requests' : 'TCP connections'}</p>
      <h2>
        <button type="button" className="textual" onClick={() => onSelect(edge.from)}>
          <Hostile text={nameOf(answer, edge.from)} limit={80} />
        </button>{' '}
        to{' '}
        <button type="button" className="textual" onClick={() => onSelect(edge.to)}>
          <Hostile text={nameOf(answer, edge.to)} limit={80} />
        </button>
      </h2>
      <dl className="pairs">
        <dt>Mutual TLS</dt>
        <dd>
          <LockIcon closed={edge.mtls} /> {edge.mtls ? 'yes, on every connection' : 'no'}
        </dd>
        <dt>Caller</dt>
        <dd>{edge.identity === null ? 'not proved' : <Identity id={edge.identity} />}</dd>
        <dt>Traffic</dt>
        <dd>
          {count(edge.count)} in this time, {rate(edge.ratePerSecond)}
        </dd>
        <dt>Refused</dt>
        <dd className={edge.refused > 0 ? 'ink-bad' : undefined}>{count(edge.refused)}</dd>
        <dt>Let pass against the contract</dt>
        <dd className={edge.wouldRefuse > 0 ? 'ink-warning' : undefined}>{count(edge.wouldRefuse)}</dd>
        {edge.p50Ms !== null && (
          <>
            <dt>Half answered within</dt>
            <dd>{duration(edge.p50Ms)}</dd>
          </>
        )}
        <dt>Last seen</dt>
        <dd>{dateTime(edge.lastAt)}</dd>
      </dl>
      {edge.reasons.length > 0 && (
        <>
          <h3>Why refused</h3>
          <ul className="edges">
            {edge.reasons.slice(0, 10).map(({ reason, count: times }) => (
              <li key={reason}>
                <code>{visible(reason, 80)}</code> <span className="faint inline">{count(times)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {edge.operations.length > 0 && (
        <>
          <h3>What is asked</h3>
          <ul className="edges">
            {edge.operations.slice(0, 20).map((one) => (
              <li key={`${one.method} ${one.path}`}>
                <code>
                  {visible(one.method, 16)} {visible(one.path, 120)}
                </code>
                <span className="faint inline">{count(one.count)}</span>
                {one.refused > 0 && <span className="ink-bad">{count(one.refused)} refused</span>}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

export function nameOf(answer: Pick<MapAnswer, 'nodes'>, id: string): string {
  return answer.nodes.find((node) => node.id === id)?.label ?? id;
}
