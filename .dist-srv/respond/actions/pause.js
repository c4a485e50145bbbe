/** Stops every process of the workload where it stands: nothing is lost, nothing goes on. */
export const pause = {
    kind: 'pause',
    scope: 'workload',
    undo: 'resume',
    run: (workload, { host }) => host.pause(workload),
};
