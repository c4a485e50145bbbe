import type { Observation } from '../model/index.js';

/** As a control plane of this protocol understands it: 0.1 refuses what it does not know, and has no place for what decisions rest on. */
export function spokenObservation(observation: Observation, protocol: number): Observation {
  const { event } = observation;
  if (protocol >= 2 || !('verdict' in event)) return observation;
  const {
    digest: _digest,
    mode: _mode,
    attributes: _attributes,
    claims: _claims,
    host: _host,
    shadow: _shadow,
    ...verdict
  } = event.verdict;
  return { ...observation, event: { ...event, verdict } };
}
