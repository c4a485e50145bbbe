import type { WorkloadAction } from './action.js';

/** Lets a paused workload go on. */
export const resume: WorkloadAction = {
  kind: 'resume',
  scope: 'workload',
  undo: null,
  run: (workload, { host }) => host.resume(workload),
};
