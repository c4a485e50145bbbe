/**
 * `full` only where the kernel tracer sees every workload; a weaker rung is `partial`; nothing that runs is `none`.
 *
 * @param collectors strongest first.
 */
export function runtimeCoverage(collectors, targets = []) {
    const used = collectors.filter(({ name, seeing }) => seeing && targets.some(({ by }) => by === name));
    const strongest = collectors.find(({ seeing }) => seeing);
    const active = used.length > 0 ? used : strongest === undefined ? [] : [strongest];
    const unusable = collectors
        .slice(0, Math.max(0, collectors.findIndex(({ name }) => name === active[0]?.name)))
        .filter(({ seeing }) => !seeing)
        .map(({ name, reason, fix }) => ({ what: `${name}: ${reason ?? 'does not run'}`, fix: fix ?? null }));
    const unwatched = targets
        .filter(({ by }) => by === null)
        .map(({ workload }) => ({ what: `workload ${workload} is not watched`, fix: null }));
    if (active.length === 0) {
        const every = collectors.map(({ name, reason, fix }) => ({
            what: `${name}: ${reason ?? 'does not run'}`,
            fix: fix ?? null,
        }));
        return {
            level: 'none',
            by: '',
            gaps: every.length > 0 ? every : [{ what: 'no collector was tried', fix: 'tricordon doctor --only sensor' }],
        };
    }
    const own = active.flatMap(({ gaps }) => gaps);
    const full = active.length === 1 && active[0]?.name === 'bpftrace' && unwatched.length === 0;
    return {
        level: full ? 'full' : 'partial',
        by: active.map(({ name }) => name).join(', '),
        gaps: unique([...unwatched, ...unusable, ...own]),
    };
}
function unique(gaps) {
    return [...new Map(gaps.map((gap) => [gap.what, gap])).values()];
}
