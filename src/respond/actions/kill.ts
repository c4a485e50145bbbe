import type { WorkloadAction } from './action.js';

/** Ends every process of the workload at once. What was in memory is lost: collect first. */
export const kill: WorkloadAction = {
  kind: 'kill',
  scope: 'workload',
  undo: null,
  run: (workload, { host }) => host.kill(workload),
};
