/** One cord: unbroken where the layer is held, broken where it is not. The word beside it says the same. */
import type { Hold } from '../../../src/server/api-types.ts';
import type { Layer } from './layer.tsx';
import { LayerShape } from './layer.tsx';

export type CordState = 'whole' | 'dashed' | 'dotted' | 'cut' | 'broken';

export function cordOfHold(hold: Hold['hold']): CordState {
  switch (hold) {
    case 'enforced':
      return 'whole';
    case 'audit':
    case 'partial':
    case 'next-start':
    case 'observed':
      return 'dashed';
    case 'learning':
      return 'dotted';
    case 'bypassable':
    case 'no-contract':
      return 'cut';
    case 'off':
    case 'unmanaged':
    case 'unwatched':
      return 'broken';
    default:
      return hold satisfies never;
  }
}

export function cordOfLevel(level: 'full' | 'partial' | 'none'): CordState {
  return level === 'full' ? 'whole' : level === 'partial' ? 'dashed' : 'broken';
}

interface CordProps {
  readonly layer: Layer;
  readonly state: CordState;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Without the gap's cross, for the smallest drawings. */
  readonly plain?: boolean;
}

export function Cord({ layer, state, x, y, width, plain = false }: CordProps) {
  const middle = x + width / 2;
  const gap = plain ? width * 0.2 : 11;
  if (state === 'cut' || state === 'broken') {
    return (
      <g>
        <path className={`cord stroke-${layer}`} d={`M${x} ${y}H${middle - gap}M${middle + gap} ${y}H${x + width}`} />
        {state === 'cut' && !plain && <path className="cord-cross" d={`M${middle - 4.5} ${y - 4.5}l9 9m0 -9l-9 9`} />}
      </g>
    );
  }
  return <path className={`cord stroke-${layer} cord-${state}`} d={`M${x} ${y}H${x + width}`} />;
}

/** A single cord with its layer's shape at the head, as wide as told. */
export function CordLine({
  layer,
  state,
  width,
}: {
  readonly layer: Layer;
  readonly state: CordState;
  readonly width: number;
}) {
  return (
    <svg
      className="cord-line"
      width={width}
      height="16"
      viewBox={`0 0 ${width} 16`}
      aria-hidden="true"
      focusable="false"
    >
      <LayerShape layer={layer} x={7} y={8} r={5} />
      <Cord layer={layer} state={state} x={16} y={8} width={width - 18} />
    </svg>
  );
}
