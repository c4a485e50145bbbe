/** The three layers, told apart by shape and word as well as by colour: runtime square, network diamond, API circle. */
import type { Hold } from '../../../src/server/api-types.ts';

export type Layer = Hold['layer'];
export const layers: readonly Layer[] = ['runtime', 'network', 'api'];
export const layerNames: Readonly<Record<Layer, string>> = { runtime: 'Runtime', network: 'Network', api: 'API' };

interface ShapeProps {
  readonly layer: Layer | null;
  readonly x: number;
  readonly y: number;
  /** Half of its width, in pixels. */
  readonly r: number;
}

/** Inside a drawing. `null` is the tick of something we did ourselves. */
export function LayerShape({ layer, x, y, r }: ShapeProps) {
  switch (layer) {
    case 'runtime':
      return <rect className="fill-runtime" x={x - r} y={y - r} width={2 * r} height={2 * r} rx={1.5} />;
    case 'network': {
      const d = r * 1.22;
      return <path className="fill-network" d={`M${x} ${y - d}l${d} ${d}l${-d} ${d}l${-d} ${-d}z`} />;
    }
    case 'api':
      return <circle className="fill-api" cx={x} cy={y} r={r * 1.06} />;
    case null:
      return (
        <path className="stroke-respond" d={`M${x - r} ${y + r * 0.1}l${r * 0.7} ${r * 0.75}l${r * 1.3} ${-r * 1.6}`} />
      );
    default:
      return layer satisfies never;
  }
}

/** In running text; the word stands beside it, so it is hidden from screen readers. */
export function LayerIcon({ layer }: { readonly layer: Layer | null }) {
  return (
    <svg className="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <LayerShape layer={layer} x={7} y={7} r={5} />
    </svg>
  );
}

export function LayerWord({ layer }: { readonly layer: Layer }) {
  return (
    <span className="with-icon">
      <LayerIcon layer={layer} />
      {layerNames[layer]}
    </span>
  );
}
