import type { WorkloadAction } from './action.js';

/** Gives an isolated workload its connections back. */
export const rejoin: WorkloadAction = {
  kind: 'rejoin',
  scope: 'workload',
  undo: null,
  run: (workload, { host }) => host.rejoin(workload),
};
