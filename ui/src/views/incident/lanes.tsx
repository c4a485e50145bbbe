/** The signature drawing: runtime, network and API on one clock, what hangs together, and when it was contained. */
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { StoryStep } from '../../../../src/server/api-types.ts';
import { clockTime, duration, offset, plural, visible } from '../../format.ts';
import { type Layer, LayerShape, layerNames, layers } from '../../parts/layer.tsx';
import { fitText, textWidth } from '../../parts/text-width.ts';
import { placeLabels } from './labels.ts';
import { LaneTable } from './lane-table.tsx';
import { timeAxis } from './time-axis.ts';

const laneHeight = 92;
const top = 18;
const laneY: Readonly<Record<Layer | 'respond', number>> = {
  runtime: top + laneHeight * 0.5,
  network: top + laneHeight * 1.5,
  api: top + laneHeight * 2.5,
  respond: top + laneHeight * 3.38,
};
const floor = top + laneHeight * 3.76;
const height = floor + 34;

interface LanesProps {
  readonly story: readonly StoryStep[];
  readonly containedAt: number | null;
  readonly unwatched: ReadonlyMap<Layer, string>;
  readonly selected: string | undefined;
  readonly select: (step: string) => void;
}

export function Lanes({ story, containedAt, unwatched, selected, select }: LanesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(760);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const narrow = width < 560;
  const left = narrow ? 40 : 108;
  const right = Math.max(left + 120, width - 26);
  const start = story[0]?.at ?? 0;
  const containedMs = containedAt === null ? null : Math.max(0, containedAt - start);
  const axis = useMemo(() => {
    const times = story.map(({ afterMs }) => afterMs);
    return timeAxis(containedMs === null ? times : [...times, containedMs], left + 16, right);
  }, [story, containedMs, left, right]);
  const points = useMemo(
    () =>
      story.map((step, index) => ({
        step,
        number: index + 1,
        x: axis.x(step.afterMs),
        y: laneY[step.layer ?? 'respond'],
      })),
    [story, axis],
  );
  const ties = useMemo(() => {
    const at = new Map(points.map((point) => [point.step.id, point]));
    return points.flatMap((from) =>
      from.step.links.flatMap(({ to, by }) => {
        const end = at.get(to);
        const tied = from.step.id === selected || to === selected;
        return end === undefined ? [] : [{ key: `${from.step.id} ${to} ${by}`, by, tied, ...tieOf(from, end) }];
      }),
    );
  }, [points, selected]);
  const labels = useMemo(() => {
    const words = ties.filter(({ tied }) => tied).map(({ key, by, x, y }) => ({ key, x, y, text: visible(by, 24) }));
    const marks = points.map(({ step, number, x, y }) => {
      const sentence = visible(step.sentence, 120);
      return { key: step.id, number, sentence, note: noteOf(step), x, y };
    });
    return placeLabels(marks, words, { right: width, bottom: floor }, { width: textWidth, fit: fitText });
  }, [points, ties, width]);
  const index = points.findIndex(({ step }) => step.id === selected);

  const keys = (event: KeyboardEvent) => {
    const targets: Record<string, number> = {
      ArrowRight: index + 1,
      ArrowDown: index + 1,
      ArrowLeft: index - 1,
      ArrowUp: index - 1,
      Home: 0,
      End: points.length - 1,
    };
    const target = points[Math.min(points.length - 1, Math.max(0, targets[event.key] ?? -1))];
    if (targets[event.key] === undefined || target === undefined) return;
    event.preventDefault();
    select(target.step.id);
    frame.current?.querySelector<SVGGElement>(`[data-step="${CSS.escape(target.step.id)}"]`)?.focus();
  };

  return (
    <figure className="lanes">
      <div ref={frame}>
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing whose marks are buttons; no HTML element groups them */}
        <svg
          role="group"
          aria-label={`${plural(story.length, 'step')} on one time axis. Arrow keys go from step to step; the table below shows the same.`}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          onKeyDown={keys}
        >
          {containedMs !== null && <Contained x={axis.x(containedMs)} right={width} />}
          {axis.ticks.map(({ ms, x }, tick) => (
            <g key={ms}>
              <path className="grid" d={`M${x} ${top - 6}V${floor}`} />
              <text
                className="tick"
                x={x}
                y={floor + 18}
                textAnchor={tick === 0 ? 'start' : x > width - 50 ? 'end' : 'middle'}
                dx={tick === 0 ? -8 : 0}
              >
                {ms === 0 ? clockTime(start).slice(0, narrow ? 8 : 12) : offset(ms)}
              </text>
            </g>
          ))}
          {layers.map((layer) => (
            <Lane
              key={layer}
              layer={layer}
              left={left}
              right={width}
              narrow={narrow}
              reason={unwatched.get(layer)}
              empty={!story.some((step) => step.layer === layer)}
            />
          ))}
          <path className="lane-respond" d={`M${left} ${laneY.respond}H${width}`} />
          {!narrow && (
            <text className="lane-name faint" x={26} y={laneY.respond + 4}>
              Response
            </text>
          )}
          {axis.breaks.map(({ x, ms }) => (
            <g key={x} className="break">
              <path d={`M${x - 7} ${floor + 5}l5 -10M${x + 1} ${floor + 5}l5 -10`} />
              <title>{duration(ms)} in which nothing happened, drawn shorter</title>
            </g>
          ))}
          {ties.map(({ key, by, tied, path }) => (
            <path key={key} className={`tie${tied ? ' tied' : ''}`} d={path}>
              <title>{visible(by, 60)}</title>
            </path>
          ))}
          {labels.map(({ key, x, y, anchor, text, note }) => (
            <g key={key}>
              <text className={anchor === 'middle' ? 'tie-word' : 'label'} x={x} y={y} textAnchor={anchor}>
                {text}
              </text>
              <text className="label-note" x={x} y={y + 14} textAnchor={anchor}>
                {note}
              </text>
            </g>
          ))}
          {points.map(({ step, number, x, y }) => (
            // biome-ignore lint/a11y/useSemanticElements: SVG has no button
            <g
              key={step.id}
              role="button"
              className={`mark-step outcome-${step.outcome}${step.id === selected ? ' selected' : ''}`}
              tabIndex={step.id === selected || (index < 0 && number === 1) ? 0 : -1}
              aria-pressed={step.id === selected}
              aria-label={`Step ${number}, ${step.layer === null ? 'response' : layerNames[step.layer]}, ${offset(step.afterMs)}: ${visible(step.sentence, 200)}`}
              data-step={step.id}
              onClick={() => select(step.id)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' || event.key === ' ') {
                  event.preventDefault();
                  select(step.id);
                }
              }}
            >
              <circle className="reach" cx={x} cy={y} r={13} />
              <circle className="ring" cx={x} cy={y} r={12.5} />
              <LayerShape layer={step.layer} x={x} y={y} r={6.5} />
              {step.outcome === 'refused' && <path className="refused-bar" d={`M${x + 11} ${y - 9}v18`} />}
            </g>
          ))}
        </svg>
      </div>
      <figcaption className="legend">
        <span>Lines tie signals that hang together.</span>
        <span className="with-icon">
          <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
            <path className="refused-bar" d="M7 1v12" />
          </svg>
          refused
        </span>
        {axis.breaks.length > 0 && <span>Two strokes on the axis: a quiet stretch, drawn shorter than it was.</span>}
      </figcaption>
      <LaneTable story={story} />
    </figure>
  );
}

interface LaneProps {
  readonly layer: Layer;
  readonly left: number;
  readonly right: number;
  readonly narrow: boolean;
  readonly reason: string | undefined;
  readonly empty: boolean;
}

function Lane({ layer, left, right, narrow, reason, empty }: LaneProps) {
  const y = laneY[layer];
  return (
    <g>
      <LayerShape layer={layer} x={12} y={y} r={5.5} />
      {!narrow && (
        <text className="lane-name" x={26} y={y + 5}>
          {layerNames[layer]}
        </text>
      )}
      <path
        className={`lane stroke-${layer}${reason === undefined ? '' : ' unwatched'}`}
        d={`M${left} ${y}H${right}`}
      />
      {(reason !== undefined || empty) && (
        <text className={`lane-note${reason === undefined ? '' : ' bad'}`} x={left + 16} y={y + 24}>
          {reason === undefined ? 'nothing notable here' : `not watched: ${visible(reason, narrow ? 34 : 88)}`}
        </text>
      )}
    </g>
  );
}

function Contained({ x, right }: { readonly x: number; readonly right: number }) {
  const room = right - x > 76;
  return (
    <g>
      <rect className="contained-wash" x={x} y={top - 6} width={Math.max(0, right - x)} height={floor - top + 6} />
      <path className="contained-line" d={`M${x} ${top - 6}V${floor}`} />
      <text className="contained-word" x={room ? x + 8 : x - 8} y={top - 9} textAnchor={room ? 'start' : 'end'}>
        contained
      </text>
    </g>
  );
}

interface End {
  readonly x: number;
  readonly y: number;
}

/** A mark that stands for several says how many. */
function noteOf({ tacticName, signals }: StoryStep): string {
  const many = signals.length > 1 ? plural(signals.length, 'signal') : null;
  return [tacticName, many].filter((part) => part !== null).join(', ');
}

/** The line between two marks, and where its word would best stand. */
function tieOf(from: End, to: End): { path: string; x: number; y: number } {
  const middle = (from.x + to.x) / 2;
  if (from.y !== to.y) {
    const path = `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
    return { path, x: middle, y: (from.y + to.y) / 2 + 4 };
  }
  const bend = Math.min(26, 8 + Math.abs(to.x - from.x) * 0.1);
  const path = `M${from.x} ${from.y}Q${middle} ${from.y + bend * 2} ${to.x} ${to.y}`;
  return { path, x: middle, y: from.y + bend + 14 };
}
