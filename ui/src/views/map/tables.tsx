/** The map as tables: the same facts, for those who read rather than look. */
import type { MapAnswer } from '../../../../src/server/api-types.ts';
import { count, plural, rate } from '../../format.ts';
import { Identity } from '../../parts/identity.tsx';
import { LayerIcon, LockIcon } from '../../parts/shapes.tsx';
import { Hostile } from '../../parts/text.tsx';
import { holdShown, layerNames, nodeKinds } from '../../words.ts';
import { nameOf } from './side-panel.tsx';

export function Tables({
  answer,
  selected,
  onSelect,
}: {
  answer: MapAnswer;
  selected: string | null;
  onSelect: (id: string) => void;
}) {
  return (
    <div className="map-tables">
      <div className="scroll">
        <table className="rows">
          <caption>Who calls whom</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Protocol</th>
              <th scope="col">Mutual TLS</th>
              <th scope="col">Caller's identity</th>
              <th scope="col">Rate</th>
              <th scope="col">Refused</th>
              <th scope="col">Against contract</th>
            </tr>
          </thead>
          <tbody>
            {answer.edges.map((edge) => (
              <tr key={edge.id} className={edge.id === selected ? 'chosen' : undefined}>
                <th scope="row" data-label="From">
                  <button type="button" className="textual" onClick={() => onSelect(edge.id)}>
                    <Hostile text={nameOf(answer, edge.from)} limit={80} />
                  </button>
                </th>
                <td data-label="To">
                  <Hostile text={nameOf(answer, edge.to)} limit={80} />
                </td>
                <td data-label="Protocol">{edge.protocol.toUpperCase()}</td>
                <td data-label="Mutual TLS" className="nowrap">
                  <LockIcon closed={edge.mtls} /> {edge.mtls ? 'Yes' : 'No'}
                </td>
                <td data-label="Caller's identity">
                  {edge.identity === null ? <span className="faint">not proved</span> : <Identity id={edge.identity} />}
                </td>
                <td data-label="Rate">{rate(edge.ratePerSecond)}</td>
                <td data-label="Refused" className={edge.refused > 0 ? 'ink-bad' : undefined}>
                  {count(edge.refused)}
                </td>
                <td data-label="Against contract" className={edge.wouldRefuse > 0 ? 'ink-warning' : undefined}>
                  {count(edge.wouldRefuse)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="scroll">
        <table className="rows">
          <caption>Services and what is around them</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Kind</th>
              <th scope="col">Held</th>
              <th scope="col">Runs</th>
              <th scope="col">Incident</th>
            </tr>
          </thead>
          <tbody>
            {answer.nodes.map((node) => (
              <tr key={node.id} className={node.id === selected ? 'chosen' : undefined}>
                <th scope="row" data-label="Name">
                  <button type="button" className="textual" onClick={() => onSelect(node.id)}>
                    <Hostile text={node.label} limit={120} />
                  </button>
                </th>
                <td data-label="Kind">{nodeKinds[node.kind]}</td>
                <td data-label="Held">
                  {node.holds.length === 0 && <span className="faint">not held by us</span>}
                  {node.holds.map(({ layer, hold }) => (
                    <span key={layer} className="shown">
                      <LayerIcon layer={layer} />
                      {layerNames[layer]}{' '}
                      <span className={`ink-${holdShown[hold].tone}`}>{holdShown[hold].word.toLowerCase()}</span>
                    </span>
                  ))}
                </td>
                <td data-label="Runs">
                  {node.kind === 'outside' || node.kind === 'public' ? (
                    <span className="faint">outside</span>
                  ) : (
                    `${plural(node.workloads, 'workload')}, ${node.state}`
                  )}
                </td>
                <td data-label="Incident">{node.openIncident ?? <span className="faint">none</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
