import { clockTime, count, rate, visible } from '../../format.ts';
import { MtlsWord } from '../../parts/words.tsx';
import { setQuery } from '../../router.ts';
import type { Drawn } from './aggregate.ts';
import { Scroll } from '../../parts/scroll.tsx';

/** The same as the drawing, line by line. */
export function EdgeTable({ drawn }: { readonly drawn: Drawn }) {
  const names = new Map(drawn.nodes.map((node) => [node.id, visible(node.label, 80)]));
  const edges = drawn.edges.toSorted((a, b) => b.refused - a.refused || b.count - a.count);
  const lonely = drawn.nodes.filter(({ id }) => !drawn.edges.some(({ from, to }) => from === id || to === id));
  return (
    <Scroll label="Connections as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">From and to</th>
            <th scope="col">Protocol</th>
            <th scope="col">Protection</th>
            <th scope="col" className="num">
              Rate
            </th>
            <th scope="col" className="num">
              Refused
            </th>
            <th scope="col" className="num">
              Against the contract
            </th>
            <th scope="col" className="num">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={edge.id}>
              <th scope="row">
                <button type="button" className="as-link" onClick={() => setQuery({ edge: edge.id, node: null })}>
                  {names.get(edge.from) ?? visible(edge.from, 80)} → {names.get(edge.to) ?? visible(edge.to, 80)}
                </button>
              </th>
              <td>{edge.protocol.toUpperCase()}</td>
              <td>
                <MtlsWord mtls={edge.mtls} />
              </td>
              <td className="num">{rate(edge.ratePerSecond)}</td>
              <td className={`num${edge.refused > 0 ? ' say-bad' : ''}`}>{count(edge.refused)}</td>
              <td className="num">{count(edge.wouldRefuse)}</td>
              <td className="num mono">{clockTime(edge.lastAt).slice(0, 8)}</td>
            </tr>
          ))}
          {lonely.map((node) => (
            <tr key={node.id}>
              <th scope="row">
                <button type="button" className="as-link" onClick={() => setQuery({ node: node.id, edge: null })}>
                  {visible(node.label, 80)}
                </button>
              </th>
              <td colSpan={6} className="sub">
                no calls in this time
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
