import { answersFor } from './answers.js';
import { gradeOf, nearestMiss } from './nearest.js';
import { PathTable } from './path-table.js';
import { matchedPrefix, parseTemplate } from './path-template.js';
import { callerMatcher, callerText, destinationMatcher, destinationText, peerText } from './peers.js';
export function compileServes(version) {
    const answers = answersFor(version, 'api');
    const deny = denials(version);
    const serves = version.contract.api?.serves;
    const entries = (serves ?? []).map((clause) => ({
        id: clause.id,
        template: clause.path,
        segments: segmentsOf(clause.path),
        methods: clause.methods,
        side: callerMatcher(clause.from),
        sideText: clause.from.map(peerText).join(' or '),
        decision: answers.allow(clause.id, clause.path),
    }));
    const tables = tablesOf(entries);
    return (request) => {
        if (request.caller === null)
            return answers.noIdentity;
        if (request.isolated === true)
            return answers.isolated;
        if (answers.mode === 'off')
            return answers.off;
        const denied = deny(request.method, request.path, request.callerService);
        if (denied !== undefined)
            return denied;
        if (serves === undefined)
            return answers.unmanaged;
        const found = tables.get(request.method)?.find(request.path, admits, request.callerService);
        if (found !== undefined)
            return found.decision;
        const nearest = nearestOf(entries, request, request.callerService, 'caller', callerText);
        return answers.refuse(nearest.reason, nearest.miss);
    };
}
export function compileCalls(version) {
    const answers = answersFor(version, 'api');
    const calls = version.contract.api?.calls;
    const entries = (calls ?? []).map((clause) => ({
        id: clause.id,
        template: clause.path,
        segments: segmentsOf(clause.path),
        methods: clause.methods,
        side: destinationMatcher(clause.to),
        sideText: peerText(clause.to),
        decision: answers.allow(clause.id, clause.path),
    }));
    const tables = tablesOf(entries);
    return (request) => {
        if (request.isolated === true)
            return answers.isolated;
        if (answers.mode === 'off')
            return answers.off;
        if (calls === undefined)
            return answers.unmanaged;
        const to = { service: request.peerService, host: request.host, address: request.address };
        const found = tables.get(request.method)?.find(request.path, admits, to);
        if (found !== undefined)
            return found.decision;
        const nearest = nearestOf(entries, request, to, 'callee', destinationText);
        return answers.refuse(nearest.reason, nearest.miss);
    };
}
/** Explicit denies of the API layer are about requests to us; without methods or callers they mean all of them. */
function denials(version) {
    const answers = answersFor(version, 'api');
    const table = new PathTable();
    let some = false;
    for (const clause of version.contract.deny ?? []) {
        if (clause.layer !== 'api')
            continue;
        some = true;
        table.add(segmentsOf(clause.path), clause.path, {
            methods: clause.methods,
            side: clause.from === undefined ? () => true : callerMatcher(clause.from),
            decision: answers.denied(clause.id, clause.path),
        });
    }
    if (!some)
        return () => undefined;
    return (method, path, callerService) => table.find(path, (entry, service) => (entry.methods === undefined || entry.methods.includes(method)) && entry.side(service), callerService)?.decision;
}
/** A caller is asked for the path first, a callee for who it is first: that is what the reason then names. */
function nearestOf(entries, request, subject, side, text) {
    const parts = request.path.slice(1).split('/');
    const grade = (entry) => {
        const prefix = matchedPrefix(entry.segments, parts);
        const path = prefix === parts.length;
        const who = entry.side(subject);
        return gradeOf(side === 'caller' ? path : who, side === 'caller' ? who : path, hasMethod(entry, request), prefix);
    };
    const describe = (entry) => {
        const path = {
            name: 'path',
            reason: 'path',
            holds: matchedPrefix(entry.segments, parts) === parts.length,
            wanted: entry.template,
            got: request.path,
        };
        const who = {
            name: side,
            reason: side === 'caller' ? 'caller-not-listed' : 'callee-not-listed',
            holds: entry.side(subject),
            wanted: entry.sideText,
            got: text(subject),
        };
        const method = {
            name: 'method',
            reason: 'method',
            holds: hasMethod(entry, request),
            wanted: entry.methods.join(' or '),
            got: request.method,
        };
        return side === 'caller' ? [path, who, method] : [who, path, method];
    };
    return nearestMiss(entries, grade, describe, side === 'caller' ? 'path' : 'callee-not-listed');
}
function hasMethod(entry, request) {
    return entry.methods.includes(request.method);
}
function tablesOf(entries) {
    const tables = new Map();
    for (const entry of entries) {
        for (const method of new Set(entry.methods)) {
            const table = tables.get(method) ?? new PathTable();
            tables.set(method, table);
            table.add(entry.segments, entry.template, entry);
        }
    }
    return tables;
}
function admits(entry, subject) {
    return entry.side(subject);
}
/** The contract was checked before (see `compileContract`), so a template that does not parse cannot get here. */
function segmentsOf(template) {
    const segments = parseTemplate(template);
    return typeof segments === 'string' ? [] : segments;
}
