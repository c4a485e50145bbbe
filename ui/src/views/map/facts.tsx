/** Beside the map: what is known of the selected service or connection, and where to go from there. */
import type { MapEdge, MapNode } from '../../../../src/server/api-types.ts';
import { clockTime, count, duration, plural, rate, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { CordLine, cordOfHold } from '../../parts/cord.tsx';
import { layerNames } from '../../parts/layer.tsx';
import { Link } from '../../parts/link.tsx';
import { HoldWord, MtlsWord } from '../../parts/words.tsx';
import { setQuery } from '../../router.ts';
import type { Drawn } from './aggregate.ts';

interface FactsProps {
  readonly drawn: Drawn;
  readonly minutes: number;
  readonly node: string | null;
  readonly edge: string | null;
}

export function Facts({ drawn, minutes, node, edge }: FactsProps) {
  const chosenNode = drawn.nodes.find(({ id }) => id === node);
  const chosenEdge = drawn.edges.find(({ id }) => id === edge);
  return (
    <aside className="side" aria-label="What is known of the selection" aria-live="polite">
      {chosenNode !== undefined ? (
        <NodeFacts node={chosenNode} drawn={drawn} />
      ) : chosenEdge !== undefined ? (
        <EdgeFacts edge={chosenEdge} drawn={drawn} minutes={minutes} />
      ) : (
        <SideHead title="Not seen in this time" sub="Look further back, or select something else." />
      )}
    </aside>
  );
}

function NodeFacts({ node, drawn }: { readonly node: MapNode; readonly drawn: Drawn }) {
  const names = new Map(drawn.nodes.map(({ id, label }) => [id, visible(label, 60)]));
  const edges = drawn.edges.filter(({ from, to }) => from === node.id || to === node.id);
  const kinds = {
    service: 'service',
    gateway: 'the edge of ours',
    public: 'whoever calls the gateway',
    outside: 'outside our hold',
  };
  return (
    <>
      <SideHead title={visible(node.label, 120)} sub={kinds[node.kind]} />
      {node.openIncident !== null && (
        <p>
          <Link to={`/incidents/${node.openIncident}`} className="alarm-link">
            {node.openIncident} is open: read what happened
          </Link>
        </p>
      )}
      {node.holds.length > 0 && (
        <ul className="side-holds">
          {node.holds.map(({ layer, hold, reason }) => (
            <li key={layer}>
              <span className="side-hold">
                <CordLine layer={layer} state={cordOfHold(hold)} width={72} />
                <span className="sub">{layerNames[layer]}</span>
                <HoldWord hold={hold} />
              </span>
              {hold !== 'enforced' && <span className="sub block">{visible(reason, 240)}</span>}
            </li>
          ))}
        </ul>
      )}
      <dl className="side-facts">
        {node.identity !== null && <Fact name="Identity" value={visible(node.identity, 300)} mono />}
        {node.contract !== null && <Fact name="Contract" value={`v${node.contract.version}`} />}
        {node.kind !== 'outside' && node.kind !== 'public' && (
          <Fact
            name="Runs"
            value={`${plural(node.workloads, 'replica')} on ${node.hosts.join(', ') || 'no host'}; ${node.state}`}
          />
        )}
      </dl>
      <h3>Connections</h3>
      {edges.length === 0 && <p className="sub">None in this time.</p>}
      <ul className="side-edges">
        {edges.slice(0, 40).map((edge) => (
          <li key={edge.id}>
            <button type="button" className="as-link" onClick={() => setQuery({ edge: edge.id, node: null })}>
              {edge.from === node.id ? `to ${names.get(edge.to) ?? '?'}` : `from ${names.get(edge.from) ?? '?'}`}
            </button>
            <span className="sub">
              <MtlsWord mtls={edge.mtls} bare /> {rate(edge.ratePerSecond)}
              {edge.refused > 0 && <span className="say-bad">, {count(edge.refused)} refused</span>}
            </span>
          </li>
        ))}
      </ul>
      {node.contract !== null && (
        <>
          <h3>What it may do</h3>
          <Command text={`tricordon contract show ${node.service}`} />
        </>
      )}
    </>
  );
}

function EdgeFacts({
  edge,
  drawn,
  minutes,
}: {
  readonly edge: MapEdge;
  readonly drawn: Drawn;
  readonly minutes: number;
}) {
  const from = drawn.nodes.find(({ id }) => id === edge.from);
  const to = drawn.nodes.find(({ id }) => id === edge.to);
  const what = edge.protocol === 'http' ? 'request' : 'connection';
  return (
    <>
      <SideHead
        title={`${visible(from?.label ?? edge.from, 60)} → ${visible(to?.label ?? edge.to, 60)}`}
        sub={`${plural(edge.count, what)} in the last ${plural(minutes, 'minute')}`}
      />
      <dl className="side-facts">
        <div>
          <dt>Protection</dt>
          <dd>
            <MtlsWord mtls={edge.mtls} />
          </dd>
        </div>
        <Fact
          name="Caller"
          value={edge.identity === null ? 'not proved' : visible(edge.identity, 300)}
          mono={edge.identity !== null}
        />
        <Fact name="Rate" value={rate(edge.ratePerSecond)} />
        {edge.p50Ms !== null && <Fact name="Half within" value={duration(edge.p50Ms)} />}
        <Fact name="Refused" value={count(edge.refused)} bad={edge.refused > 0} />
        <Fact name="Let pass against the contract" value={count(edge.wouldRefuse)} bad={edge.wouldRefuse > 0} />
        <Fact name="Last seen" value={clockTime(edge.lastAt)} mono />
      </dl>
      {edge.reasons.length > 0 && (
        <>
          <h3>Why refused</h3>
          <ul className="side-edges">
            {edge.reasons.map(({ reason, count: times }) => (
              <li key={reason}>
                <code className="wrap">{visible(reason, 120)}</code>
                <span className="sub">{count(times)}×</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {edge.operations.length > 0 && (
        <>
          <h3>Operations</h3>
          <ul className="side-edges">
            {edge.operations.slice(0, 20).map(({ method, path, count: times, refused }) => (
              <li key={`${method} ${path}`}>
                <code className="wrap">
                  {visible(method, 16)} {visible(path, 160)}
                </code>
                <span className="sub">
                  {count(times)}×{refused > 0 && <span className="say-bad">, {count(refused)} refused</span>}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {to?.service !== null && to?.service !== undefined && (
        <>
          <h3>Why it is allowed or not</h3>
          <Command text={`tricordon contract show ${to.service}`} />
        </>
      )}
    </>
  );
}

function SideHead({ title, sub }: { readonly title: string; readonly sub: string }) {
  return (
    <div className="side-head">
      <div>
        <h2 className="wrap">{title}</h2>
        <p className="sub">{sub}</p>
      </div>
      <button type="button" className="small" onClick={() => setQuery({ node: null, edge: null })}>
        Close
      </button>
    </div>
  );
}

function Fact({
  name,
  value,
  mono = false,
  bad = false,
}: {
  name: string;
  value: string;
  mono?: boolean;
  bad?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={`${mono ? 'mono wrap' : ''}${bad ? ' say-bad' : ''}`}>{value}</dd>
    </div>
  );
}
