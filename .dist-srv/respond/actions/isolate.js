/** Cuts every connection into and out of the workload at the packet layer; it goes on running for observation. */
export const isolate = {
    kind: 'isolate',
    scope: 'workload',
    undo: 'rejoin',
    run: (workload, { host }) => host.isolate(workload),
};
