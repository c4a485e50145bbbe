/** Whose child is this? A workload's identity covers what it starts, and nothing else. */
import { procfs } from './process-reader.js';
const deepest = 256;
/**
 * The workload a process belongs to: by cgroup, else by ancestors, else by session. Undefined when nothing proves
 * it: a process that left its session and was adopted by init belongs to nobody unless a cgroup holds it.
 */
export function ownerOf(pid, known, reader = procfs) {
    const before = reader.facts(pid);
    if (before === undefined)
        return undefined;
    const owner = byCgroup(pid, known, reader) ?? byAncestors(pid, known, reader) ?? bySession(pid, known, reader);
    // INVARIANT: everything above was read of one and the same process
    return reader.facts(pid)?.start === before.start ? owner : undefined;
}
function byCgroup(pid, known, reader) {
    const path = /^0::(.*)$/m.exec(reader.cgroups(pid) ?? '')?.[1];
    if (path === undefined)
        return undefined;
    let best;
    for (const candidate of known) {
        const { cgroup } = candidate;
        if (cgroup === undefined || cgroup === null || cgroup === '' || cgroup === '/')
            continue;
        if (path !== cgroup && !path.startsWith(`${cgroup}/`))
            continue;
        if (best === undefined || cgroup.length > (best.cgroup ?? '').length)
            best = candidate;
    }
    return best?.workload;
}
function byAncestors(pid, known, reader) {
    let at = pid;
    let youngest = Number.POSITIVE_INFINITY;
    for (let depth = 0; depth < deepest && at > 1; depth += 1) {
        const facts = reader.facts(at);
        // a "parent" younger than its child is a reused pid
        if (facts === undefined || facts.start > youngest)
            return undefined;
        const found = known.find((candidate) => candidate.pid === at && candidate.start === facts.start);
        if (found !== undefined)
            return found.workload;
        youngest = facts.start;
        at = facts.ppid;
    }
    return undefined;
}
/** The kernel keeps a session's number from reuse while it has members; the leader must still be the known one. */
function bySession(pid, known, reader) {
    const session = reader.session(pid);
    const leader = known.find((candidate) => candidate.pid === session);
    if (leader === undefined || reader.facts(leader.pid)?.start !== leader.start)
        return undefined;
    return leader.workload;
}
