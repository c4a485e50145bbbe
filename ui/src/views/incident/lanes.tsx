/** The signature view: three layers on one time axis, what happened on them, and what ties it together. */
import { type KeyboardEvent, useEffect, useMemo, useRef } from 'react';
import type { StoryStep } from '../../../../src/server/api-types.ts';
import { clockTime, duration, offset, visible } from '../../format.ts';
import { textWidth, useWidth } from '../../parts/measure.ts';
import { LayerMark } from '../../parts/shapes.tsx';
import { joinedBy, layerNames, layers, outcomes } from '../../words.ts';
import { axisOf, withoutOverlap } from './time-axis.ts';

const laneY = { runtime: 62, network: 142, api: 222, ours: 290 } as const;
const bottom = 318;
const height = 346;
const left = 126;

export function Lanes({
  story,
  containedAt,
  selected,
  onSelect,
}: {
  story: readonly StoryStep[];
  containedAt: number | null;
  selected: number;
  onSelect: (index: number) => void;
}) {
  const { ref, width: room } = useWidth<HTMLElement>();
  const svg = useRef<SVGSVGElement | null>(null);
  const byKey = useRef(false);
  const places = useMemo(() => placesOf(story, containedAt, Math.max(560, room)), [story, containedAt, room]);
  useEffect(() => {
    if (!byKey.current) return;
    byKey.current = false;
    svg.current?.querySelector<SVGGElement>(`[data-step="${selected}"]`)?.focus();
  }, [selected]);
  const chosen = story[selected];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={ref} className="lanes" tabIndex={0} aria-label="The three lanes, can be scrolled">
      {room > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot hold SVG parts; keys bubble up from the steps, which are buttons
        <svg
          ref={svg}
          width={places.width}
          height={height}
          role="group"
          aria-label="Steps in order of time. Left and right arrows walk along the axis; the same is in the table."
          onKeyDown={pressed}
        >
          {places.contained !== undefined && (
            <g>
              <rect
                className="wash-respond"
                x={places.contained}
                y={18}
                width={places.width - places.contained}
                height={bottom - 18}
              />
              <path className="line-respond" strokeWidth="1.5" d={`M${places.contained} 18V${bottom}`} />
              <text className="label ink-good" x={places.contained + 7} y={32} fontSize="12">
                contained
              </text>
            </g>
          )}
          {places.ticks.map(({ x, text }) => (
            <g key={x}>
              <path className="line-hairline" d={`M${x} 40V${bottom}`} />
              {text !== '' && (
                <text className="label mono" x={x} y={bottom + 17} textAnchor="middle" fontSize="11">
                  {text}
                </text>
              )}
            </g>
          ))}
          {layers.map((layer) => (
            <g key={layer}>
              <path
                className={`line-${layer}`}
                strokeWidth="2.4"
                opacity="0.7"
                d={`M${left - 12} ${laneY[layer]}H${places.width}`}
              />
              <LayerMark layer={layer} x={9} y={laneY[layer]} r={5} />
              <text className="lane-name" x={24} y={laneY[layer] + 4.5} fontSize="13">
                {layerNames[layer]}
              </text>
            </g>
          ))}
          <path className="line-strong" strokeWidth="1" d={`M${left - 12} ${laneY.ours}H${places.width}`} />
          <LayerMark layer={null} x={9} y={laneY.ours} r={5} />
          <text className="lane-name" x={24} y={laneY.ours + 4.5} fontSize="13">
            Our answer
          </text>
          {places.breaks.map(({ x, ms }) => (
            <g key={x} className="break">
              <rect x={x - 5} y={bottom - 6} width="10" height="12" />
              <path className="line-ink-2" strokeWidth="1.3" d={`M${x - 5} ${bottom + 5}l4 -10m2 10l4 -10`} />
              <title>{`${duration(ms)} drawn shorter`}</title>
            </g>
          ))}
          {places.ties.map((tie) => (
            <path
              key={tie.id}
              className={`tie${tie.from === selected || tie.to === selected ? ' chosen' : ''}`}
              d={tie.path}
            >
              <title>{`${tie.from + 1} and ${tie.to + 1}: ${joinedBy(tie.by)}`}</title>
            </path>
          ))}
          {places.steps.map(({ step, x, y, label }, index) => (
            // biome-ignore lint/a11y/useSemanticElements: there is no button in SVG
            <g
              key={step.id}
              role="button"
              tabIndex={index === selected ? 0 : -1}
              data-step={index}
              className={`step${index === selected ? ' chosen' : ''}`}
              aria-pressed={index === selected}
              aria-label={`${index + 1} ${labelOf(step)}, ${step.layer === null ? 'our answer' : layerNames[step.layer]}, ${offset(step.afterMs)}: ${visible(step.sentence, 200)}, ${outcomes[step.outcome].word}`}
              onClick={() => onSelect(index)}
            >
              <circle className="halo" cx={x} cy={y} r="14" />
              {step.layer === null ? (
                <LayerMark layer={null} x={x} y={y} r={6.5} />
              ) : (
                <>
                  <LayerMark layer={step.layer} x={x} y={y} r={9} />
                  <text className="number" x={x} y={y + 3.8} textAnchor="middle" fontSize="11">
                    {index + 1}
                  </text>{' '}
                </>
              )}
              {step.outcome === 'refused' && (
                <path className="line-critical" strokeWidth="2.2" d={`M${x + 7} ${y - 13}l7 7m0 -7l-7 7`} />
              )}
              {(label || index === selected) && step.layer !== null && (
                <text
                  className={`label${index === selected ? ' strong' : ''}`}
                  x={Math.min(x, places.width - labelWidth(step) / 2 - 2)}
                  y={y - 20}
                  textAnchor="middle"
                  fontSize="12"
                >
                  {labelOf(step)}
                </text>
              )}
            </g>
          ))}
        </svg>
      )}
      {chosen !== undefined && (
        <p className="hidden" role="status">
          {`Step ${selected + 1} of ${story.length}: ${visible(chosen.sentence, 200)}`}
        </p>
      )}
    </section>
  );

  function pressed(event: KeyboardEvent<SVGSVGElement>): void {
    const last = story.length - 1;
    const next = {
      ArrowRight: selected + 1,
      ArrowDown: selected + 1,
      ArrowLeft: selected - 1,
      ArrowUp: selected - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byKey.current = true;
    onSelect(Math.min(last, Math.max(0, next)));
  }
}

interface Place {
  readonly step: StoryStep;
  readonly x: number;
  readonly y: number;
  /** There is room for its label. */
  readonly label: boolean;
}

function placesOf(story: readonly StoryStep[], containedAt: number | null, width: number) {
  const moments = story.map(({ at }) => at);
  const axis = axisOf(moments, { left, width: width - 34, least: 34 });
  const xOf = (index: number) => axis.positions[index] ?? left;
  const labels = new Map<string, boolean>();
  for (const layer of layers) {
    const own = story
      .map((step, index) => ({ step, x: xOf(index), width: labelWidth(step) }))
      .filter(({ step }) => step.layer === layer);
    withoutOverlap(own).forEach((shown, index) => {
      const step = own[index]?.step;
      if (step !== undefined) labels.set(step.id, shown);
    });
  }
  const steps: Place[] = story.map((step, index) => ({
    step,
    x: xOf(index),
    y: laneY[step.layer ?? 'ours'],
    label: labels.get(step.id) ?? false,
  }));
  const words = story.map((step, index) => (index === 0 ? clockTime(step.at).slice(0, 12) : offset(step.afterMs)));
  const shown = withoutOverlap(words.map((text, index) => ({ x: xOf(index), width: textWidth(text, 11.5) + 6 })));
  return {
    width: axis.width + 34,
    steps,
    breaks: axis.breaks,
    ticks: words.map((text, index) => ({ x: xOf(index), text: shown[index] === true ? text : '' })),
    ties: tiesOf(steps),
    contained: containedAt === null ? undefined : positionOf(containedAt, moments, axis.positions),
  };
}

function tiesOf(steps: readonly Place[]) {
  const index = new Map(steps.map(({ step }, at) => [step.id, at]));
  return steps.flatMap(({ step, x, y }, from) =>
    step.links.flatMap(({ to, by }) => {
      const other = index.get(to);
      const end = other === undefined ? undefined : steps[other];
      if (end === undefined || other === undefined) return [];
      // On one lane the tie bows above the cord, or it would not be seen on it.
      const middle = (x + end.x) / 2;
      const path =
        y === end.y
          ? `M${x} ${y}Q${middle} ${y + 34} ${end.x} ${end.y}`
          : `M${x} ${y}C${middle} ${y} ${middle} ${end.y} ${end.x} ${end.y}`;
      return [{ id: `${step.id} ${to} ${by}`, from, to: other, by, path }];
    }),
  );
}

/** Where a moment that is no step stands between those that are. */
function positionOf(at: number, moments: readonly number[], positions: readonly number[]): number {
  const after = moments.findIndex((moment) => moment >= at);
  if (after < 0) return (positions.at(-1) ?? left) + 18;
  const x = positions[after] ?? left;
  if (after === 0 || moments[after] === at) return x;
  return (x + (positions[after - 1] ?? x)) / 2;
}

function labelOf(step: StoryStep): string {
  return step.tacticName ?? step.rule ?? '';
}

function labelWidth(step: StoryStep): number {
  return textWidth(labelOf(step), 12);
}
