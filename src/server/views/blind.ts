/** When a host's sensor did not see, by what it said of itself. */
import { printable } from '../../base/index.js';
import type { Observation } from '../../model/index.js';

export interface BlindSpan {
  readonly host: string;
  /** Of the first and the last time that it was said. */
  readonly since: number;
  readonly until: number;
  readonly sentence: string;
}

/** One row for each thing said, however often; newest first. What it said of other services' workloads is left out. */
export function blindSpans(said: readonly Observation[], service: string): BlindSpan[] {
  const spans = new Map<string, BlindSpan & { lost: number }>();
  for (const observation of said) {
    if (observation.service !== null && observation.service !== service) continue;
    const { host, at, event } = observation;
    const what = whatOf(observation);
    if (what === undefined || event.kind !== 'sensor') continue;
    const key = `${host}\n${what}`;
    const known = spans.get(key);
    const lost = (known?.lost ?? 0) + (event.lost ?? 0);
    spans.set(key, {
      host,
      since: Math.min(at, known?.since ?? at),
      until: Math.max(at, known?.until ?? at),
      lost,
      sentence: `${host}: ${lost === 0 ? what : `${lost} ${what}`}`,
    });
  }
  return [...spans.values()].map(({ lost: _lost, ...span }) => span).sort((left, right) => right.until - left.until);
}

function whatOf({ event, source }: Observation): string | undefined {
  if (event.kind !== 'sensor') return undefined;
  switch (event.state) {
    case 'lost':
      return 'events of the sensor were lost';
    case 'degraded':
      return printable(`${source} did not see everything${event.detail === undefined ? '' : `: ${event.detail}`}`, 300);
    case 'stopped':
      return printable(`${source} stopped watching`, 100);
    case 'started':
      return undefined;
    default:
      return event.state satisfies never;
  }
}
