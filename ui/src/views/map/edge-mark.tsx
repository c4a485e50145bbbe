import type { MapEdge } from '../../../../src/server/api-types.ts';
import { rate } from '../../format.ts';
import type { Laid } from '../../parts/graph-layout.ts';
import { textWidth } from '../../parts/text-width.ts';
import { LockPath } from '../../parts/words.tsx';

/** Room that the layout keeps for an edge's words. By kind, not by the figures of the moment: they must not move things. */
export function labelRoom(edge: MapEdge | undefined): number {
  return edge?.protocol === 'tcp' ? 108 : 100;
}

interface EdgeMarkProps {
  readonly edge: MapEdge;
  readonly line: (Laid['lines'] extends ReadonlyMap<string, infer Value> ? Value : never) | undefined;
  readonly state: 'plain' | 'selected' | 'dim';
  readonly select: () => void;
}

/** Line: HTTP or TCP by colour and label, dashed without mutual TLS, thicker with more traffic; a cross where refused. */
export function EdgeMark({ edge, line, state, select }: EdgeMarkProps) {
  if (line === undefined) return null;
  const { label, end, angle, path } = line;
  const width = 1.3 + Math.min(2.6, Math.log10(1 + edge.ratePerSecond) * 1.5);
  const text = `${edge.protocol === 'tcp' ? 'tcp ' : ''}${rate(edge.ratePerSecond)}`;
  const half = (textWidth(text, 12) + 28) / 2;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table and the side panel do the same by keyboard
    <g className={`edge protocol-${edge.protocol} is-${state}${edge.refused > 0 ? ' refused' : ''}`} onClick={select}>
      <path className="edge-reach" d={path} />
      <path className={`edge-line${edge.mtls ? '' : ' open'}`} d={path} strokeWidth={width} />
      <path
        className="edge-head"
        d="M0 0l-9 -4.5v9z"
        transform={`translate(${end.x.toFixed(1)} ${end.y.toFixed(1)}) rotate(${angle.toFixed(1)})`}
      />
      <rect className="edge-plate" x={label.x - half} y={label.y - 10} width={half * 2} height={20} rx={10} />
      <g className="edge-lock" transform={`translate(${label.x - half + 5} ${label.y - 6.5}) scale(0.86)`}>
        <LockPath closed={edge.mtls} />
      </g>
      <text className="edge-rate" x={label.x - half + 20} y={label.y + 4}>
        {text}
      </text>
      {edge.refused > 0 && (
        <g transform={`translate(${label.x - half} ${label.y + 20})`}>
          <path className="edge-cross" d="M2 -4.5l9 9m0 -9l-9 9" />
          <text className="edge-refused" x={16} y={4}>
            {edge.refused > 999 ? '999+' : edge.refused} refused
          </text>
        </g>
      )}
      {edge.refused === 0 && edge.wouldRefuse > 0 && (
        <text className="edge-would" x={label.x - half + 2} y={label.y + 24}>
          {edge.wouldRefuse} off contract
        </text>
      )}
    </g>
  );
}
