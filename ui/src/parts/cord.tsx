/** A cord: one layer, drawn as it is held. A layer nobody watches is a line that is visibly broken. */
import type { Layer } from '../../../src/model/index.ts';
import type { Shown, Stroke } from '../words.ts';
import { LayerIcon, ToneIcon } from './shapes.tsx';

const dashes: Readonly<Partial<Record<Stroke, string>>> = { dashed: '14 5', dotted: '1.5 5' };

/** The line itself, `length` long, starting at x, y. */
export function CordLine({
  layer,
  stroke,
  x,
  y,
  length,
  width = 3,
}: {
  layer: Layer;
  stroke: Stroke;
  x: number;
  y: number;
  length: number;
  width?: number;
}) {
  const middle = x + length / 2;
  const cross = Math.min(4.5, width * 1.5);
  const gap = cross * 2.4;
  switch (stroke) {
    case 'broken':
      return (
        <g>
          <path
            className={`line-${layer}`}
            strokeWidth={width}
            opacity="0.75"
            d={`M${x} ${y}H${middle - gap}M${middle + gap} ${y}H${x + length}`}
          />
          <path
            className="line-critical"
            strokeWidth={Math.max(1.4, width * 0.62)}
            d={`M${middle - cross} ${y - cross}l${cross * 2} ${cross * 2}m0 ${-cross * 2}l${-cross * 2} ${cross * 2}`}
          />
        </g>
      );
    case 'around':
      return (
        <g>
          <path className={`line-${layer}`} strokeWidth={width} d={`M${x} ${y}H${x + length}`} />
          <path
            className="line-critical"
            strokeWidth={Math.max(1.2, width * 0.55)}
            d={`M${middle - gap * 1.5} ${y}C${middle - gap} ${y + cross * 2.2} ${middle + gap} ${y + cross * 2.2} ${middle + gap * 1.5} ${y}`}
          />
        </g>
      );
    case 'whole':
    case 'dashed':
    case 'dotted':
    case 'thin':
      return (
        <path
          className={`line-${layer}`}
          strokeWidth={stroke === 'thin' ? width * 0.45 : width}
          strokeLinecap={stroke === 'dotted' ? 'round' : 'butt'}
          strokeDasharray={dashes[stroke]}
          d={`M${x} ${y}H${x + length}`}
        />
      );
    default:
      return stroke satisfies never;
  }
}

/** A cord over the full width of its box, which carries the layer's shape at its head. */
export function Cord({ layer, shown }: { layer: Layer; shown: Shown }) {
  const length = 2_400;
  return (
    <span className="cord" aria-hidden="true">
      <LayerIcon layer={layer} />
      {/* Longer than any box and cut evenly at both ends, so that the middle of the cord stays in the middle. */}
      <svg aria-hidden="true" height="20" viewBox={`0 0 ${length} 20`} preserveAspectRatio="xMidYMid slice">
        <CordLine layer={layer} stroke={shown.stroke} x={0} y={10} length={length} />
      </svg>
    </span>
  );
}

/** Shape and word: what a cord means, for reading. */
export function ShownWord({ shown }: { shown: Shown }) {
  return (
    <span className={`shown ink-${shown.tone}`}>
      <ToneIcon tone={shown.tone} />
      {shown.word}
    </span>
  );
}
