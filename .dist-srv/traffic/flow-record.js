/** Writes one; counts it unless it is the closing one of a flow that was counted. */
export function recordFlow(context, facts) {
    const { decision } = facts;
    if (facts.end === undefined) {
        context.counts.flows += 1;
        if (decision.effect === 'deny')
            context.counts.refused += 1;
        else if (decision.effect === 'would-deny')
            context.counts.wouldRefuse += 1;
    }
    const slot = context.ring.add();
    slot.kind = 'flow';
    slot.at = context.clock.now();
    slot.direction = facts.direction;
    slot.decision = decision;
    slot.decisionId = '';
    slot.peer = facts.peer;
    slot.caller = facts.caller;
    slot.trace = '';
    slot.span = '';
    slot.mtls = facts.mtls;
    slot.address = facts.address;
    slot.port = facts.port;
    slot.localAddress = facts.socket?.localAddress ?? '';
    slot.localPort = facts.socket?.localPort ?? 0;
    slot.peerAddress = facts.socket?.peerAddress ?? '';
    slot.peerPort = facts.socket?.peerPort ?? 0;
    slot.durationMs = facts.end?.durationMs ?? -1;
    slot.bytesIn = facts.end?.bytesIn ?? 0;
    slot.bytesOut = facts.end?.bytesOut ?? 0;
}
