/** Lets a paused workload go on. */
export const resume = {
    kind: 'resume',
    scope: 'workload',
    undo: null,
    run: (workload, { host }) => host.resume(workload),
};
