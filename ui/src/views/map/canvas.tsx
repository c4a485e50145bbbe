/** The picture: nodes and edges that can be chosen, moved and zoomed by mouse, touch and keyboard. */
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { visible } from '../../format.ts';
import { pathOf } from '../../parts/arrange.ts';
import { CordLine } from '../../parts/cord.tsx';
import { useWidth } from '../../parts/measure.ts';
import { LockShape } from '../../parts/shapes.tsx';
import { holdShown, nodeKinds } from '../../words.ts';
import { type Layout, labelSize, lineHeight, nearest, type PlacedEdge, type PlacedNode, smallSize } from './layout.ts';

interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export function Canvas({
  layout,
  selected,
  onSelect,
}: {
  layout: Layout;
  selected: string | null;
  onSelect: (id: string | null) => void;
}) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const height = Math.round(Math.min(820, Math.max(340, layout.height * scaleOf(layout, width) + 90)));
  const whole = useMemo(() => wholeView(layout, width, height), [layout, width, height]);
  const [moved, setMoved] = useState<View | undefined>(undefined);
  const view = moved ?? whole;
  const drag = useRef<{ x: number; y: number; view: View } | undefined>(undefined);
  const box = useRef<SVGSVGElement | null>(null);
  const spots = useMemo(() => spotsOf(layout), [layout]);
  const first = spots[0]?.id ?? null;
  // One stop for Tab; arrows walk from there.
  const stop = spots.some(({ id }) => id === selected) ? selected : first;

  useEffect(() => {
    const svg = box.current;
    if (svg === null) return;
    svg.addEventListener('wheel', wheeled, { passive: false });
    return () => svg.removeEventListener('wheel', wheeled);

    function wheeled(event: WheelEvent): void {
      // The page scrolls as ever; only with Ctrl (which is also what a pinch sends) the picture is zoomed.
      if (!event.ctrlKey || svg === null) return;
      event.preventDefault();
      const at = svg.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY / 300);
      setMoved((before) => zoom(before ?? whole, factor, event.clientX - at.left, event.clientY - at.top));
    }
  }, [whole]);

  return (
    <div ref={ref} className="canvas">
      {width > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot hold SVG parts; keys bubble up from the nodes, which are buttons
        <svg
          ref={box}
          width={width}
          height={height}
          role="group"
          aria-label="Map of services. Arrow keys walk, Enter chooses, plus and minus zoom; the same facts are in the table."
          onKeyDown={pressed}
          onPointerDown={grabbed}
          onPointerMove={dragged}
          onPointerUp={released}
          onPointerCancel={released}
        >
          <defs>
            {['plain', 'bad', 'warning', 'chosen'].map((kind) => (
              <marker
                key={kind}
                id={`arrow-${kind}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="8"
                markerHeight="8"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path className={`arrow is-${kind}`} d="M0 0.5L8 4L0 7.5Z" />
              </marker>
            ))}
          </defs>
          <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
            {layout.edges.map((placed) => (
              <EdgeLine key={placed.edge.id} placed={placed} chosen={selected === placed.edge.id} />
            ))}
            {layout.nodes.map((placed) => (
              <NodeBox
                key={placed.node.id}
                placed={placed}
                chosen={selected === placed.node.id}
                tab={stop === placed.node.id}
                onSelect={onSelect}
              />
            ))}
            {layout.edges.map((placed) => (
              <EdgeLabel
                key={placed.edge.id}
                placed={placed}
                chosen={selected === placed.edge.id}
                tab={stop === placed.edge.id}
                onSelect={onSelect}
              />
            ))}
          </g>
        </svg>
      )}
      <div className="zoom">
        <button type="button" aria-label="Nearer" onClick={() => setMoved(zoom(view, 1.25, width / 2, height / 2))}>
          +
        </button>
        <button type="button" aria-label="Further" onClick={() => setMoved(zoom(view, 0.8, width / 2, height / 2))}>
          −
        </button>
        <button type="button" onClick={() => setMoved(undefined)}>
          All
        </button>
      </div>
    </div>
  );

  function pressed(event: KeyboardEvent<SVGSVGElement>): void {
    const step = 60;
    if (event.key === '+' || event.key === '=') setMoved(zoom(view, 1.25, width / 2, height / 2));
    else if (event.key === '-') setMoved(zoom(view, 0.8, width / 2, height / 2));
    else if (event.key === '0') setMoved(undefined);
    else if (event.key === 'Escape') onSelect(null);
    else if (event.key.startsWith('Arrow')) {
      const direction = event.key.slice(5).toLowerCase();
      if (event.shiftKey) {
        const dx = direction === 'left' ? step : direction === 'right' ? -step : 0;
        const dy = direction === 'up' ? step : direction === 'down' ? -step : 0;
        setMoved({ ...view, x: view.x + dx, y: view.y + dy });
      } else if (direction === 'left' || direction === 'right' || direction === 'up' || direction === 'down') {
        const target =
          event.target instanceof Element ? event.target.closest('[data-id]')?.getAttribute('data-id') : null;
        const from = spots.find(({ id }) => id === target) ?? spots[0];
        const next = from === undefined ? undefined : nearest(spots, from, direction);
        if (next !== undefined) {
          onSelect(next.id);
          box.current?.querySelector<SVGGElement>(`[data-id="${CSS.escape(next.id)}"]`)?.focus();
        }
      } else return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function grabbed(event: PointerEvent<SVGSVGElement>): void {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest('[data-id]') !== null)) return;
    drag.current = { x: event.clientX, y: event.clientY, view };
    event.currentTarget.setPointerCapture(event.pointerId);
  }

  function dragged(event: PointerEvent<SVGSVGElement>): void {
    const start = drag.current;
    if (start === undefined) return;
    setMoved({ ...start.view, x: start.view.x + event.clientX - start.x, y: start.view.y + event.clientY - start.y });
  }

  function released(event: PointerEvent<SVGSVGElement>): void {
    const start = drag.current;
    drag.current = undefined;
    // A click beside everything chooses nothing.
    if (start !== undefined && Math.hypot(event.clientX - start.x, event.clientY - start.y) < 3) onSelect(null);
  }
}

function NodeBox({
  placed,
  chosen,
  tab,
  onSelect,
}: {
  placed: PlacedNode;
  chosen: boolean;
  tab: boolean;
  onSelect: (id: string) => void;
}) {
  const { node, label, x, y, width, height } = placed;
  const left = x - width / 2;
  const hot = node.openIncident !== null || node.holds.some(({ hold }) => hold === 'bypassable');
  const plain = node.kind === 'public' || node.kind === 'outside';
  const holds = node.holds.map(({ layer, hold }) => `${layer} ${holdShown[hold].word.toLowerCase()}`).join(', ');
  const state = node.state === 'running' || node.state === 'outside' ? '' : node.state;
  const under = node.openIncident ?? (state === '' ? (plain ? nodeKinds[node.kind].toLowerCase() : '') : state);
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in SVG
    <g
      role="button"
      tabIndex={tab ? 0 : -1}
      data-id={node.id}
      className={`node${hot ? ' hot' : ''}${chosen ? ' chosen' : ''}${plain ? ' foreign' : ''}`}
      aria-pressed={chosen}
      aria-label={`${label} ${under}. ${nodeKinds[node.kind]}${holds === '' ? '' : `: ${holds}`}${node.openIncident === null ? '' : ', open incident'}${state === '' ? '' : `, ${state}`}`}
      onClick={() => onSelect(node.id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onSelect(node.id);
      }}
    >
      <rect x={left} y={y - height / 2} width={width} height={height} rx="7" />
      <text x={left + 15} y={under === '' ? y + 4.5 : y - 2} fontSize={labelSize}>
        {label}
      </text>{' '}
      {under !== '' && (
        <text
          className={node.openIncident === null ? 'small' : 'small bad'}
          x={left + 15}
          y={y + 13}
          fontSize={smallSize}
        >
          {under}
        </text>
      )}
      {node.holds.map(({ layer, hold }, index) => (
        <CordLine
          key={layer}
          layer={layer}
          stroke={holdShown[hold].stroke}
          x={left + width - 48}
          y={y - 9 + index * 9}
          length={34}
          width={2.2}
        />
      ))}
    </g>
  );
}

function EdgeLine({ placed: { edge, points }, chosen }: { placed: PlacedEdge; chosen: boolean }) {
  const kind = chosen ? 'chosen' : edge.refused > 0 ? 'bad' : edge.wouldRefuse > 0 ? 'warning' : 'plain';
  // Ten times the traffic is one step wider.
  const width = 1.4 + Math.min(3, Math.max(0, Math.log10(edge.ratePerSecond * 60 + 1)) * 0.8);
  return (
    <path
      className={`edge is-${kind}`}
      strokeWidth={width}
      strokeDasharray={edge.mtls ? undefined : '6 5'}
      markerEnd={`url(#arrow-${kind})`}
      d={pathOf(points)}
    />
  );
}

function EdgeLabel({
  placed,
  chosen,
  tab,
  onSelect,
}: {
  placed: PlacedEdge;
  chosen: boolean;
  tab: boolean;
  onSelect: (id: string) => void;
}) {
  const { edge, x, y, lines, labelWidth } = placed;
  const high = lines.length * lineHeight + 4;
  const left = x - labelWidth / 2;
  const top = y - high / 2;
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button in SVG
    <g
      role="button"
      tabIndex={tab ? 0 : -1}
      data-id={edge.id}
      className={`edge-label${chosen ? ' chosen' : ''}`}
      aria-pressed={chosen}
      aria-label={`${lines.join(' ')}: ${visible(edge.from.replace(/^service:/, ''), 60)} to ${visible(edge.to.replace(/^service:/, ''), 60)}, ${edge.mtls ? 'mutual TLS' : 'no mutual TLS'}`}
      onClick={() => onSelect(edge.id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onSelect(edge.id);
      }}
    >
      <rect x={left} y={top} width={labelWidth} height={high} rx="4" />
      <g className={edge.mtls ? 'ink-good' : 'ink-plain'}>
        <LockShape closed={edge.mtls} x={left + 5} y={top + 3} />
      </g>
      {lines.map((line, index) => (
        <text
          key={line}
          className={index < 2 ? undefined : line.endsWith('refused') ? 'bad' : 'warning'}
          x={left + (index === 0 ? 21 : 5)}
          y={top + lineHeight * (index + 1) - 2}
          fontSize={smallSize}
        >
          {`${line} `}
        </text>
      ))}
    </g>
  );
}

function spotsOf(layout: Layout): { id: string; x: number; y: number }[] {
  return [
    ...layout.nodes.map(({ node, x, y }) => ({ id: node.id, x, y })),
    ...layout.edges.map(({ edge, x, y }) => ({ id: edge.id, x, y })),
  ].toSorted((a, b) => a.x - b.x || a.y - b.y);
}

function wholeView(layout: Layout, width: number, height: number): View {
  const scale = Math.max(least, Math.min(scaleOf(layout, width), height / Math.max(1, layout.height)));
  // What does not fit starts at its beginning: callers stand left.
  return {
    scale,
    x: Math.max(0, (width - layout.width * scale) / 2),
    y: Math.max(0, (height - layout.height * scale) / 2),
  };
}

/** Below this nothing can be read: then the picture is larger than its box, and is moved. */
const least = 0.55;

function scaleOf(layout: Layout, width: number): number {
  return Math.max(least, Math.min(1.35, width / Math.max(1, layout.width)));
}

function zoom(view: View, factor: number, x: number, y: number): View {
  const scale = Math.min(4, Math.max(0.1, view.scale * factor));
  const real = scale / view.scale;
  return { scale, x: x - (x - view.x) * real, y: y - (y - view.y) * real };
}
