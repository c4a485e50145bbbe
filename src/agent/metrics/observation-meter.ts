/** Counts what sensor and data planes reported, once it is in the spool: a batch that comes again counts once. */
import { durations, type Family, tally } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import { agentMetrics } from './catalogue.js';

export interface ObservationMeter {
  count(batch: readonly Observation[]): void;
  families(): Family[];
}

export function observationMeter(): ObservationMeter {
  const observations = tally();
  const requests = tally();
  const connections = tally();
  const took = durations();
  return {
    count: (batch) => {
      for (const { layer, service, event } of batch) {
        observations.add({ layer });
        if (!('verdict' in event)) continue;
        const labels = { service: service ?? 'none', direction: event.direction };
        const counted = event.kind === 'request' ? requests : connections;
        counted.add({ ...labels, effect: event.verdict.effect });
        if (event.kind === 'request' && event.durationMs !== undefined) took.add(labels, event.durationMs / 1_000);
      }
    },
    families: () => [
      { metric: agentMetrics.observations, samples: observations.samples() },
      { metric: agentMetrics.requests, samples: requests.samples() },
      { metric: agentMetrics.connections, samples: connections.samples() },
      { metric: agentMetrics.requestSeconds, distributions: took.distributions() },
    ],
  };
}
