/** Which contract was in force when: what happened is judged by the version of its own time, also when it comes late. */
import { compileContract } from '../../contract/index.js';
const kept = 20;
export function contractsInTime() {
    /** By service, newest first. */
    const known = new Map();
    return {
        learn(versions) {
            for (const version of versions) {
                if (version.decidedAt === null || (version.state !== 'approved' && version.state !== 'superseded'))
                    continue;
                const own = known.get(version.service) ?? [];
                if (own.some((entry) => entry.version === version.version))
                    continue;
                own.push({ from: version.decidedAt, version: version.version, compiled: compileContract(version) });
                own.sort((a, b) => b.from - a.from || b.version - a.version);
                known.set(version.service, own.slice(0, kept));
            }
        },
        at(service, time) {
            const own = known.get(service);
            // Before the oldest one known (or a host whose clock is behind): the oldest.
            return (own?.find(({ from }) => from <= time) ?? own?.at(-1))?.compiled;
        },
    };
}
