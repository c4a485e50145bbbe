/** A snapshot made ready for decisions: contracts compiled, lists as sets. Immutable; a new snapshot makes a new one. */
import { messageOf } from '../base/index.js';
import { compileContract } from '../contract/index.js';
/** Compiled contracts are taken over from `previous` where the version is the same. */
export function policyFrom(snapshot, previous) {
    const contracts = new Map();
    const broken = [];
    for (const version of snapshot.contracts) {
        // Only what was approved is ever in force.
        if (version.state !== 'approved')
            continue;
        const known = previous?.contracts.get(version.service);
        if (known !== undefined && known.version.version === version.version && known.version.digest === version.digest) {
            contracts.set(version.service, known);
            continue;
        }
        try {
            contracts.set(version.service, compileContract(version));
        }
        catch (error) {
            broken.push({ service: version.service, why: messageOf(error) });
        }
    }
    const same = previous !== undefined && JSON.stringify(previous.bundles) === JSON.stringify(snapshot.bundles);
    return {
        revision: snapshot.revision,
        trustDomain: snapshot.trustDomain,
        // The same object while nothing changed: TLS contexts and parsed roots are cached by it.
        bundles: same ? previous.bundles : snapshot.bundles,
        contracts,
        endpoints: new Map(snapshot.services.map(({ service, endpoints }) => [service, endpoints])),
        revoked: new Set(snapshot.revoked),
        isolated: new Set(snapshot.isolated),
        broken,
    };
}
