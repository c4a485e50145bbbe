/** Who touched what: callers, services, processes, files and peers behind the signals. */
import { useMemo, useState } from 'react';
import type { Touched } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { layGraph } from '../../parts/graph-layout.ts';
import { LayerWord } from '../../parts/layer.tsx';
import { textWidth } from '../../parts/text-width.ts';
import { Word } from '../../parts/words.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { foldedOf, unfold } from './unfold.ts';

const height = 42;
const longestWord = 14;
const kinds = {
  outside: 'outside',
  gateway: 'gateway',
  service: 'service',
  process: 'process',
  file: 'file',
  peer: 'address',
} as const;

export function TouchedGraph({ touched: whole }: { readonly touched: Touched }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const touched = useMemo(() => unfold(whole, opened), [whole, opened]);
  const laid = useMemo(
    () =>
      layGraph(
        touched.nodes.map((node) => ({ id: node.id, width: widthOf(node.label), height })),
        touched.edges.map((edge, index) => ({
          id: `${index}`,
          from: edge.from,
          to: edge.to,
          labelWidth: textWidth(visible(edge.label, longestWord), 11) + 8,
          labelHeight: 18,
        })),
        { rank: 12, node: 22 },
      ),
    [touched],
  );
  if (touched.nodes.length === 0) return <p className="sub">The observations behind it are no longer kept.</p>;
  const folded = foldedOf(whole);
  const toggle = (id: string) =>
    setOpened((before) => (before.has(id) ? without(before, id) : new Set([...before, id])));
  const members = new Map(touched.nodes.map((node) => [node.id, node.members]));
  const names = new Map(touched.nodes.map(({ id, label }) => [id, visible(label, 120)]));
  return (
    <figure className="touched">
      <Scroll label="Drawing of who touched what">
        <svg
          role="img"
          aria-label={`${touched.nodes.length} things and ${touched.edges.length} touches; the table below shows the same.`}
          width={laid.width}
          height={laid.height}
          style={{ minWidth: laid.width }}
          viewBox={`0 0 ${laid.width} ${laid.height}`}
        >
          {touched.edges.map((edge, index) => {
            const line = laid.lines.get(`${index}`);
            if (line === undefined) return null;
            const { label, end, angle } = line;
            return (
              // edges have no other name and come whole
              <g key={index} className={edge.refused ? 'touch refused' : 'touch'}>
                <path className={`touch-line stroke-${edge.layer}`} d={line.path} />
                <path
                  className={`touch-head fill-${edge.layer}`}
                  d="M0 0l-8 -4v8z"
                  transform={`translate(${end.x.toFixed(1)} ${end.y.toFixed(1)}) rotate(${angle.toFixed(1)})`}
                />
                <text className="touch-word" x={label.x} y={label.y + (edge.refused ? -10 : -6)} textAnchor="middle">
                  {visible(edge.label, longestWord)}
                </text>
                {edge.refused && (
                  <g transform={`translate(${label.x} ${label.y + 4})`}>
                    <circle className="touch-plate" r="8" />
                    <path className="cord-cross" d="M-3.5 -3.5l7 7m0 -7l-7 7" />
                  </g>
                )}
              </g>
            );
          })}
          {touched.nodes.map((node) => {
            const at = laid.boxes.get(node.id);
            if (at === undefined) return null;
            const width = widthOf(node.label);
            return (
              <g key={node.id} className={`thing kind-${node.kind}${node.hot ? ' hot' : ''}`}>
                <rect
                  x={at.x - width / 2}
                  y={at.y - height / 2}
                  width={width}
                  height={height}
                  rx={node.kind === 'file' ? 0 : 6}
                />
                <text className="thing-name" x={at.x - width / 2 + 10} y={at.y - 2}>
                  {shorten(node.label)}
                </text>
                <text className="thing-kind" x={at.x - width / 2 + 10} y={at.y + 13}>
                  {kinds[node.kind]}
                </text>
              </g>
            );
          })}
        </svg>
      </Scroll>
      {folded.length > 0 && (
        <p className="unfold">
          {folded.map(({ id, label, from, did }) => (
            <button key={id} type="button" aria-expanded={opened.has(id)} onClick={() => toggle(id)}>
              {`${opened.has(id) ? 'Fold' : 'Draw each of'} ${label}: ${visible(from, 60)} ${visible(did, 40)}`}
            </button>
          ))}
        </p>
      )}
      <details>
        <summary>The same as a table</summary>
        <table className="dense">
          <thead>
            <tr>
              <th scope="col">Who</th>
              <th scope="col">Did</th>
              <th scope="col">To what</th>
              <th scope="col">Layer</th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            {touched.edges.map((edge, index) => (
              // edges have no other name and come whole
              <tr key={index}>
                <td className="wrap">{names.get(edge.from) ?? visible(edge.from, 120)}</td>
                <td className="wrap">{visible(edge.label, 120)}</td>
                <td className="wrap">
                  {names.get(edge.to) ?? visible(edge.to, 120)}
                  <Members labels={members.get(edge.to) ?? []} />
                </td>
                <td>
                  <LayerWord layer={edge.layer} />
                </td>
                <td>{edge.refused ? <Word tone="good" glyph="cross" text="refused" /> : 'passed'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Members({ labels }: { readonly labels: readonly string[] }) {
  if (labels.length === 0) return null;
  return (
    <details>
      <summary>Which</summary>
      <ul className="mono">
        {labels.map((label) => (
          <li key={label}>{visible(label, 120)}</li>
        ))}
      </ul>
    </details>
  );
}

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...ids].filter((one) => one !== id));
}

/** The end of a path says more than its beginning. */
function shorten(label: string): string {
  const text = visible(label, 120);
  return text.length <= 22 ? text : `…${text.slice(-21)}`;
}

function widthOf(label: string): number {
  return Math.max(72, Math.ceil(textWidth(shorten(label), 12.5, 600)) + 22);
}
