/** The few shapes that carry meaning: a layer, a lock, a severity, a state. Each is always beside its word. */
import type { Layer, Severity } from '../../../src/model/index.ts';
import type { Tone } from '../words.ts';

/** Runtime is a square, network a diamond, the API a circle, our own doing a tick; centred on x, y. */
export function LayerMark({ layer, x, y, r }: { layer: Layer | null; x: number; y: number; r: number }) {
  switch (layer) {
    case 'runtime':
      return <rect className="fill-runtime" x={x - r} y={y - r} width={2 * r} height={2 * r} rx={r / 4} />;
    case 'network': {
      const d = r * 1.28;
      return <path className="fill-network" d={`M${x} ${y - d}L${x + d} ${y}L${x} ${y + d}L${x - d} ${y}Z`} />;
    }
    case 'api':
      return <circle className="fill-api" cx={x} cy={y} r={r * 1.08} />;
    case null:
      return (
        <path
          className="line-respond"
          strokeWidth={Math.max(1.8, r / 2.6)}
          d={`M${x - r} ${y}L${x - r * 0.25} ${y + r * 0.8}L${x + r} ${y - r * 0.8}`}
        />
      );
    default:
      return layer satisfies never;
  }
}

export function LayerIcon({ layer }: { layer: Layer | null }) {
  return (
    <svg className="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <LayerMark layer={layer} x={7} y={7} r={4.6} />
    </svg>
  );
}

export function LockIcon({ closed }: { closed: boolean }) {
  return (
    <svg
      className={`icon ${closed ? 'ink-good' : 'ink-bad'}`}
      width="13"
      height="14"
      viewBox="0 0 13 14"
      aria-hidden="true"
    >
      <LockShape closed={closed} x={1} y={0} />
    </svg>
  );
}

/** 11 wide, 13 high. The open one has its shackle swung out: told apart without colour. */
export function LockShape({ closed, x, y }: { closed: boolean; x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect x="0.8" y="6" width="9.4" height="7" rx="1.4" fill="currentColor" />
      <path
        d={closed ? 'M2.8 6V4.1a2.7 2.7 0 0 1 5.4 0V6' : 'M8.2 6V3.6a2.4 2.4 0 0 1 4.2-1.6'}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.7"
        transform={closed ? undefined : 'translate(-1.2 0)'}
      />
    </g>
  );
}

const severityPaths: Readonly<Record<Severity, string>> = {
  critical: 'M7 1L13.4 12.6H0.6Z',
  high: 'M7 1L13 7L7 13L1 7Z',
  medium: 'M1.5 3.5H12.5V10.5H1.5Z',
  low: 'M1.5 5.5H12.5V8.5H1.5Z',
  info: 'M5 5H9V9H5Z',
};

export function SeverityIcon({ severity }: { severity: Severity }) {
  return (
    <svg className={`icon ink-${severity}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d={severityPaths[severity]} fill="currentColor" />
    </svg>
  );
}

const tonePaths: Readonly<Record<Tone, string>> = {
  good: 'M2 7.5L5.5 11L12 3.5',
  warning: 'M7 2V8.5M7 10.8V12.4',
  bad: 'M3 3L11 11M11 3L3 11',
  plain: 'M3 7H11',
};

export function ToneIcon({ tone }: { tone: Tone }) {
  return (
    <svg className={`icon ink-${tone}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d={tonePaths[tone]} fill="none" stroke="currentColor" strokeWidth="2.1" />
    </svg>
  );
}

/** The mark: three cords, tied by one. */
export function Mark() {
  return (
    <svg className="mark" width="26" height="20" viewBox="0 0 26 20" aria-hidden="true">
      <path className="line-runtime" strokeWidth="2.6" d="M1 4H25" />
      <path className="line-network" strokeWidth="2.6" d="M1 10H25" />
      <path className="line-api" strokeWidth="2.6" d="M1 16H25" />
      <path className="line-ink" strokeWidth="2" d="M18 0V20" />
    </svg>
  );
}
