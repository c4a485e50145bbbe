import { answersFor } from './answers.js';
import { gradeOf, nearestMiss } from './nearest.js';
import { callerMatcher, callerText, cidrMatcher, deniedDestinationMatcher, destinationMatcher, destinationText, peerText, } from './peers.js';
export function compileIngress(version) {
    const answers = answersFor(version, 'network');
    const ingress = version.contract.network?.ingress;
    const entries = (ingress ?? []).map((clause) => {
        const byIdentity = callerMatcher([clause.from]);
        const byAddress = 'cidr' in clause.from ? cidrMatcher(clause.from.cidr) : () => false;
        return {
            id: clause.id,
            ports: new Set(clause.ports),
            side: (from) => byIdentity(from.service) || (from.address !== undefined && byAddress(from.address)),
            sideText: peerText(clause.from),
            decision: answers.allow(clause.id),
        };
    });
    return (request) => {
        const known = request.caller === undefined ? request.callerService !== null : request.caller !== null;
        if (!known)
            return answers.noIdentity;
        if (request.isolated === true)
            return answers.isolated;
        if (answers.mode === 'off')
            return answers.off;
        if (ingress === undefined)
            return answers.unmanaged;
        const port = `${request.protocol ?? 'tcp'}/${request.port}`;
        const from = { service: request.callerService, address: request.address };
        for (const entry of entries)
            if (entry.ports.has(port) && entry.side(from))
                return entry.decision;
        const nearest = nearestOf(entries, from, port, (subject) => callerText(subject.service));
        return answers.refuse(nearest.reason, nearest.miss);
    };
}
export function compileEgress(version) {
    const answers = answersFor(version, 'network');
    const egress = version.contract.network?.egress;
    const entries = (egress ?? []).map((clause) => ({
        id: clause.id,
        ports: new Set(clause.ports),
        side: destinationMatcher(clause.to),
        sideText: peerText(clause.to),
        decision: answers.allow(clause.id),
    }));
    const denials = (version.contract.deny ?? []).flatMap((clause) => clause.layer === 'network'
        ? [
            {
                ports: clause.ports === undefined ? undefined : new Set(clause.ports),
                side: deniedDestinationMatcher(clause.to),
                decision: answers.denied(clause.id),
            },
        ]
        : []);
    return (request) => {
        if (request.isolated === true)
            return answers.isolated;
        if (answers.mode === 'off')
            return answers.off;
        const port = `${request.protocol ?? 'tcp'}/${request.port}`;
        for (const deny of denials) {
            if ((deny.ports === undefined || deny.ports.has(port)) && deny.side(request))
                return deny.decision;
        }
        if (egress === undefined)
            return answers.unmanaged;
        for (const entry of entries)
            if (entry.ports.has(port) && entry.side(request))
                return entry.decision;
        const nearest = nearestOf(entries, request, port, destinationText);
        return answers.refuse(nearest.reason, nearest.miss);
    };
}
function nearestOf(entries, subject, port, text) {
    return nearestMiss(entries, (entry) => gradeOf(entry.side(subject), entry.ports.has(port), true, 0), (entry) => [
        {
            name: 'peer',
            reason: 'peer-not-listed',
            holds: entry.side(subject),
            wanted: entry.sideText,
            got: text(subject),
        },
        {
            name: 'port',
            reason: 'port',
            holds: entry.ports.has(port),
            wanted: [...entry.ports].join(' or '),
            got: port,
        },
    ], 'peer-not-listed');
}
