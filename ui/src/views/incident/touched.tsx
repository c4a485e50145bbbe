/** Who touched what: processes, files, peers and services of one incident, and the ways between them. */
import { useMemo } from 'react';
import type { Touched as Graph } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { arrange, pathOf } from '../../parts/arrange.ts';
import { fit, textWidth, useWidth } from '../../parts/measure.ts';
import { LayerIcon } from '../../parts/shapes.tsx';
import { Hostile } from '../../parts/text.tsx';
import { layerNames } from '../../words.ts';

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
                <path
                  className="line-critical"
                  strokeWidth="1.8"
                  d={`M${x - label.width / 2 + 4} ${y - 4}l8 8m0 -8l-8 8`}
                />
              )}
              <text
                className={edge.refused ? 'label bad' : 'label'}
                x={x + (edge.refused ? 8 : 0)}
                y={y + 4}
                textAnchor="middle"
                fontSize="11"
              >
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
  const boxes = nodes.map((node) => {
    const label = fit(visible(node.label, 80), 12.5, 140);
    return { node, label, width: Math.ceil(textWidth(label, 12.5)) + 24, height: 38 };
  });
  const placeOf = new Map(nodes.map(({ id }, index) => [id, index]));
  const ways = edges.flatMap((edge) => {
    const from = placeOf.get(edge.from);
    const to = placeOf.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const text = fit(visible(edge.label, 60), 11, 92);
    return [{ edge, from, to, text, width: Math.ceil(textWidth(text, 11)) + (edge.refused ? 26 : 10), height: 20 }];
  });
  const placed = arrange(boxes, ways, { between: 18, ranks: 12, ways: 14, margin: 6 });
  return {
    width: placed.width,
    height: placed.height,
    nodes: boxes.map((box, index) => ({ ...box, x: placed.boxes[index]?.x ?? 0, y: placed.boxes[index]?.y ?? 0 })),
    edges: ways.map(({ edge, text, width }, index) => {
      const { x, y, points } = placed.ways[index] ?? { x: 0, y: 0, points: [] };
      return { edge, label: { text, width }, x, y, points };
    }),
  };
}
