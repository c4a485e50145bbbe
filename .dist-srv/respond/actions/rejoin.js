/** Gives an isolated workload its connections back. */
export const rejoin = {
    kind: 'rejoin',
    scope: 'workload',
    undo: null,
    run: (workload, { host }) => host.rejoin(workload),
};
