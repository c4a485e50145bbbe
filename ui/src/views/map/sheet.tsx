/** The drawing: moved and scaled by mouse, wheel and keyboard; arrow keys walk from service to service. */
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { layGraph } from '../../parts/graph-layout.ts';
import { setQuery } from '../../router.ts';
import type { Drawn } from './aggregate.ts';
import { EdgeMark, labelRoom } from './edge-mark.tsx';
import { NodeMark, nodeHeight, nodeWidth } from './node-mark.tsx';

interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}
const lowest = 0.15;
const highest = 2.5;

export function Sheet({ drawn, selected }: { readonly drawn: Drawn; readonly selected: string | null }) {
  // Only who is there and who calls whom moves things; rates and levels do not.
  const shape = JSON.stringify([drawn.nodes.map(({ id, label }) => [id, label]), drawn.edges.map(({ id }) => id)]);
  const roomOf = (id: string) => labelRoom(drawn.edges.find((edge) => edge.id === id));
  // `shape` stands for the parts of `drawn` that matter here
  const laid = useMemo(
    () =>
      layGraph(
        drawn.nodes.map((node) => ({ id: node.id, width: nodeWidth(node), height: nodeHeight })),
        drawn.edges.map(({ id, from, to }) => ({ id, from, to, labelWidth: roomOf(id), labelHeight: 58 })),
        { rank: 16, node: 44 },
      ),
    [shape],
  );
  const svg = useRef<SVGSVGElement>(null);
  const [camera, setCamera] = useState<Camera>({ x: 0, y: 0, scale: 1 });
  const moved = useRef(false);
  const [focused, setFocused] = useState<string>();

  const fit = useCallback(() => {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0 || laid.width === 0) return;
    const all = Math.min(1.3, box.width / laid.width, box.height / laid.height);
    // A map that fits but cannot be read helps nobody: then a readable size, with the selected one in the middle.
    const scale = Math.max(all, all >= 0.45 || box.width < 600 ? 0.78 : all);
    const chosen = selected === null ? undefined : (laid.boxes.get(selected) ?? laid.lines.get(selected)?.label);
    const inside = (size: number, room: number, at: number | undefined) =>
      size <= room
        ? (room - size) / 2
        : Math.min(0, Math.max(room - size, at === undefined ? 0 : room / 2 - at * scale));
    setCamera({
      scale,
      x: inside(laid.width * scale, box.width, chosen?.x),
      y: inside(laid.height * scale, box.height, chosen?.y ?? laid.height / 2),
    });
    moved.current = false;
  }, [laid, selected]);

  const fitNow = useRef(fit);
  fitNow.current = fit;
  // another graph is fitted anew, another selection is not
  useEffect(() => {
    fitNow.current();
  }, [laid]);
  useEffect(() => {
    const element = svg.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (!moved.current) fitNow.current();
    });
    observer.observe(element);
    // React listens passively to the wheel; the page must not scroll away while the map is scaled.
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaY) < 1) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, []);

  function zoom(factor: number, x?: number, y?: number): void {
    const box = svg.current?.getBoundingClientRect();
    const cx = x ?? (box?.width ?? 0) / 2;
    const cy = y ?? (box?.height ?? 0) / 2;
    moved.current = true;
    setCamera((now) => {
      const scale = Math.min(highest, Math.max(lowest, now.scale * factor));
      const by = scale / now.scale;
      return { scale, x: cx - (cx - now.x) * by, y: cy - (cy - now.y) * by };
    });
  }

  function move(dx: number, dy: number): void {
    moved.current = true;
    setCamera((now) => ({ ...now, x: now.x + dx, y: now.y + dy }));
  }

  function walk(dx: number, dy: number): void {
    const from = laid.boxes.get(focused ?? drawn.nodes[0]?.id ?? '');
    if (from === undefined) return;
    let best: { id: string; cost: number } | undefined;
    for (const [id, to] of laid.boxes) {
      const along = (to.x - from.x) * dx + (to.y - from.y) * dy;
      const across = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
      if (along <= 1) continue;
      const cost = along + across * 2;
      if (best === undefined || cost < best.cost) best = { id, cost };
    }
    if (best === undefined) return;
    setFocused(best.id);
    svg.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(best.id)}"]`)?.focus();
    reveal(best.id);
  }

  function reveal(id: string): void {
    const at = laid.boxes.get(id);
    const box = svg.current?.getBoundingClientRect();
    if (at === undefined || box === undefined) return;
    const x = camera.x + at.x * camera.scale;
    const y = camera.y + at.y * camera.scale;
    const dx = x < 90 ? 90 - x : x > box.width - 90 ? box.width - 90 - x : 0;
    const dy = y < 40 ? 40 - y : y > box.height - 40 ? box.height - 40 - y : 0;
    if (dx !== 0 || dy !== 0) move(dx, dy);
  }

  const keys = (event: KeyboardEvent) => {
    const arrows: Record<string, readonly [number, number]> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowDown: [0, 1],
      ArrowUp: [0, -1],
    };
    const arrow = arrows[event.key];
    if (arrow !== undefined) {
      if (event.shiftKey) move(arrow[0] * -60, arrow[1] * -60);
      else walk(arrow[0], arrow[1]);
    } else if (event.key === '+' || event.key === '=') zoom(1.2);
    else if (event.key === '-') zoom(1 / 1.2);
    else if (event.key === '0') fit();
    else if (event.key === 'Escape') setQuery({ node: null, edge: null });
    else return;
    event.preventDefault();
  };

  const drag = (event: PointerEvent<SVGSVGElement>) => {
    if (event.buttons !== 1 || (event.movementX === 0 && event.movementY === 0)) return;
    move(event.movementX, event.movementY);
  };

  const tabStop = focused ?? drawn.nodes.find(({ id }) => id === selected)?.id ?? drawn.nodes[0]?.id;
  const touching = new Set(
    drawn.edges.filter(({ from, to }) => from === selected || to === selected).map(({ id }) => id),
  );
  return (
    <div className="sheet">
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing whose nodes are buttons; no HTML element groups them */}
      <svg
        ref={svg}
        role="group"
        aria-label="Map of services. Arrow keys walk from service to service, Enter selects. The table shows the same."
        onKeyDown={keys}
        onPointerMove={drag}
      >
        <g transform={`translate(${camera.x.toFixed(1)} ${camera.y.toFixed(1)}) scale(${camera.scale.toFixed(3)})`}>
          {drawn.edges.map((edge) => (
            <EdgeMark
              key={edge.id}
              edge={edge}
              line={laid.lines.get(edge.id)}
              state={selected === edge.id ? 'selected' : selected === null || touching.has(edge.id) ? 'plain' : 'dim'}
              select={() => setQuery({ edge: edge.id, node: null })}
            />
          ))}
          {drawn.nodes.map((node) => (
            <NodeMark
              key={node.id}
              node={node}
              at={laid.boxes.get(node.id)}
              selected={selected === node.id}
              tabStop={tabStop === node.id}
              focus={() => setFocused(node.id)}
              select={() => setQuery({ node: node.id, edge: null })}
            />
          ))}
        </g>
      </svg>
      <div className="zoom">
        <button type="button" className="small" onClick={() => zoom(1.2)} aria-label="Closer">
          +
        </button>
        <button type="button" className="small" onClick={() => zoom(1 / 1.2)} aria-label="Further away">
          −
        </button>
        <button type="button" className="small" onClick={fit}>
          Show all
        </button>
      </div>
    </div>
  );
}
