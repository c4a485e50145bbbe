/** Who touched what: processes, files, peers and services of one incident, and the ways between them. */
import dagre from '@dagrejs/dagre';
import { useMemo } from 'react';
import type { Touched as Graph } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { fit, textWidth, useWidth } from '../../parts/measure.ts';
import { LayerIcon } from '../../parts/shapes.tsx';
import { Hostile } from '../../parts/text.tsx';
import { layerNames } from '../../words.ts';
import { pathOf } from '../map/layout.ts';

const kinds: Readonly<Record<Graph['nodes'][number]['kind'], string>> = {
  outside: 'outside',
  gateway: 'gateway',
  service: 'service',
  process: 'process',
  file: 'file',
  peer: 'address',
};

export function TouchedGraph({ graph }: { graph: Graph }) {
  const { ref, width } = useWidth<HTMLElement>();
  const placed = useMemo(() => place(graph), [graph]);
  const scale = Math.min(1, Math.max(0.8, width / Math.max(1, placed.width)));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={ref} className="touched" tabIndex={0} aria-label="The graph, can be scrolled">
      {width > 0 && (
        <svg
          width={placed.width * scale}
          height={placed.height * scale}
          viewBox={`0 0 ${placed.width} ${placed.height}`}
          role="img"
          aria-label={`${graph.nodes.length} things and ${graph.edges.length} ways between them; the table lists them.`}
        >
          {placed.edges.map(({ edge, points, x, y, label }) => (
            <g key={`${edge.from}>${edge.to}>${edge.layer}`}>
              <path
                className={`line-${edge.refused ? 'critical' : edge.layer}`}
                strokeWidth="1.8"
                strokeDasharray={edge.refused ? '5 4' : undefined}
                d={pathOf(points)}
              />
              <rect className="label-ground" x={x - label.width / 2} y={y - 9} width={label.width} height="18" rx="4" />
              {edge.refused && (
                <path className="line-critical" strokeWidth="1.8" d={`M${x - label.width / 2 + 4} ${y - 4}l8 8m0 -8l-8 8`} />
              )}
              <text className={edge.refused ? 'label bad' : 'label'} x={x + (edge.refused ? 8 : 0)} y={y + 4} textAnchor="middle" fontSize="11">
                {label.text}
              </text>
            </g>
          ))}
          {placed.nodes.map(({ node, x, y, width: wide, label }) => (
            <g key={node.id} className={`thing${node.hot ? ' hot' : ''} is-${node.kind}`}>
              <rect x={x - wide / 2} y={y - 19} width={wide} height="38" rx={node.kind === 'process' ? 3 : 7} />
              <text className="name" x={x} y={y - 1} textAnchor="middle" fontSize="12.5">
                {label}
              </text>
              <text className="label" x={x} y={y + 12} textAnchor="middle" fontSize="10.5">
                {kinds[node.kind]}
              </text>
            </g>
          ))}
        </svg>
      )}
    </section>
  );
}

export function TouchedTable({ graph }: { graph: Graph }) {
  const name = (id: string) => graph.nodes.find((node) => node.id === id)?.label ?? id;
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Did</th>
            <th scope="col">To what</th>
            <th scope="col">Layer</th>
            <th scope="col">Refused</th>
          </tr>
        </thead>
        <tbody>
          {graph.edges.map((edge) => (
            <tr key={`${edge.from}>${edge.to}>${edge.layer}`}>
              <th scope="row" data-label="Who">
                <Hostile text={name(edge.from)} limit={120} />
              </th>
              <td data-label="Did">
                <Hostile text={edge.label} limit={120} />
              </td>
              <td data-label="To what">
                <Hostile text={name(edge.to)} limit={160} />
              </td>
              <td data-label="Layer" className="nowrap">
                <LayerIcon layer={edge.layer} /> {layerNames[edge.layer]}
              </td>
              <td data-label="Refused" className={edge.refused ? 'ink-bad' : undefined}>
                {edge.refused ? 'Yes' : 'No'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function place({ nodes, edges }: Graph) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 12, edgesep: 14, marginx: 4, marginy: 6 });
  const known = new Set(nodes.map(({ id }) => id));
  const names = new Map(nodes.map(({ id, label }) => [id, fit(visible(label, 80), 12.5, 140)]));
  for (const { id } of nodes) graph.setNode(id, { width: Math.ceil(textWidth(names.get(id) ?? '', 12.5)) + 24, height: 38 });
  const drawn = edges
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map((edge) => {
      const text = fit(visible(edge.label, 60), 11, 92);
      return { edge, text, width: Math.ceil(textWidth(text, 11)) + (edge.refused ? 26 : 10) };
    });
  for (const { edge, width } of drawn)
    graph.setEdge(edge.from, edge.to, { width, height: 20, labelpos: 'c' }, edge.layer);
  dagre.layout(graph);
  const size = graph.graph();
  return {
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: nodes.map((node) => {
      const { x, y, width } = graph.node(node.id);
      return { node, label: names.get(node.id) ?? '', x: x ?? 0, y: y ?? 0, width };
    }),
    edges: drawn.map(({ edge, text, width }) => {
      const { x, y, points } = graph.edge({ v: edge.from, w: edge.to, name: edge.layer });
      return { edge, label: { text, width }, x: x ?? 0, y: y ?? 0, points: points ?? [] };
    }),
  };
}
