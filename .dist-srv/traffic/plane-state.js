/** The contract of the process's own service, or undefined: then nothing passes. */
export function ownContract(state) {
    const service = state.configuration?.service;
    return service === undefined ? undefined : state.policy?.contracts.get(service);
}
export function isIsolated(state, service) {
    const { policy, configuration } = state;
    if (policy === undefined || configuration === undefined)
        return true;
    return policy.isolated.has(configuration.service) || (service !== undefined && policy.isolated.has(service));
}
/** True when one more connection may be taken. */
export function hasRoom(state) {
    return !state.draining && state.connections.size < state.maxConnections;
}
/** Registers a connection until `over`; what is ended before a carrier is attached is ended when it comes. */
export function live(state, notAfter, allowed, first) {
    let carrier = first;
    let ended = false;
    const guard = {
        notAfter,
        allowed,
        drain: () => carrier?.drain(),
        destroy: () => {
            ended = true;
            carrier?.destroy();
        },
    };
    state.connections.add(guard);
    return {
        attach: (next) => {
            carrier = next;
            if (ended)
                next.destroy();
        },
        over: () => state.connections.delete(guard),
    };
}
