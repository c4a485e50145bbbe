import type { WorkloadAction } from './action.js';

/** Starts the workload again from the code or image that was approved; refused when the digest differs. */
export const restart: WorkloadAction = {
  kind: 'restart',
  scope: 'workload',
  undo: null,
  run: (workload, { host }) => host.restart(workload),
};
