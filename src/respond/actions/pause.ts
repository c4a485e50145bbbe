import type { WorkloadAction } from './action.js';

/** Stops every process of the workload where it stands: nothing is lost, nothing goes on. */
export const pause: WorkloadAction = {
  kind: 'pause',
  scope: 'workload',
  undo: 'resume',
  run: (workload, { host }) => host.pause(workload),
};
