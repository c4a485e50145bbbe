import type { WorkloadAction } from './action.js';

/** Gathers the evidence bundle: processes, memory, files, events, before anything is changed further. */
export const collect: WorkloadAction = {
  kind: 'collect',
  scope: 'workload',
  undo: null,
  run: (workload, { host }) => host.collect(workload),
};
