/** What the sensor sees of a workload before the control plane knows it: held for a moment, told with its identity. */
import type { Observation } from '../model/index.js';

export interface EarlyObservations {
  /** True when it was kept back. */
  hold(observation: Observation): boolean;
  /** What was kept of this workload, with its identity filled in; it is kept no longer. */
  release(workload: string, identity: string | null): Observation[];
}

/** Beyond this many of one workload, the later ones are passed on at once, and refused if it is still unknown. */
const mostHeld = 10_000;

export function earlyObservations(isUnknown: (workload: string) => boolean): EarlyObservations {
  const held = new Map<string, Observation[]>();
  return {
    hold: (observation) => {
      const { workload } = observation;
      if (workload === null || !isUnknown(workload)) return false;
      const rows = held.get(workload) ?? [];
      if (rows.length >= mostHeld) return false;
      rows.push(observation);
      held.set(workload, rows);
      return true;
    },
    release: (workload, identity) => {
      const rows = held.get(workload) ?? [];
      held.delete(workload);
      return rows.map((observation) => ({ ...observation, identity }));
    },
  };
}
