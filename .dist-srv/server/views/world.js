/** An agent reports every few seconds; after this long without one, what it said last is no longer believed. */
export const silentAfterMs = 30_000;
export function isSilent(host, now) {
    return host.at === null || now - host.at > silentAfterMs;
}
export function heldBy(version) {
    return version === undefined
        ? null
        : { version: version.version, digest: version.digest, mode: version.contract.mode };
}
export function openIncidentOf(world, service) {
    const found = world.incidents.find((incident) => incident.state === 'open' && incident.services.includes(service));
    return found?.id ?? null;
}
export const nothingWatched = {
    runtime: { level: 'none', by: '', gaps: [{ what: 'no report from this host yet', fix: null }] },
    network: { level: 'none', by: '', gaps: [{ what: 'no report from this host yet', fix: null }] },
    api: { level: 'none', by: '', gaps: [{ what: 'no report from this host yet', fix: null }] },
};
