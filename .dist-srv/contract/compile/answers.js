export function answersFor(version, layer) {
    const mode = version.contract.mode[layer];
    const base = { layer, mode, contract: version.service, version: version.version, digest: version.digest };
    const effect = mode === 'enforce' ? 'deny' : 'would-deny';
    return {
        mode,
        off: Object.freeze({ ...base, effect: 'allow', clause: null, reason: 'mode-off' }),
        unmanaged: Object.freeze({ ...base, effect: 'allow', clause: null, reason: 'layer-unmanaged' }),
        // Whatever the mode: learning and auditing are for known callers.
        noIdentity: Object.freeze({ ...base, effect: 'deny', clause: null, reason: 'no-identity' }),
        isolated: Object.freeze({ ...base, effect: 'deny', clause: null, reason: 'isolated' }),
        allow: (clause, template) => Object.freeze({
            ...base,
            effect: 'allow',
            clause,
            reason: 'allowed',
            ...(template === undefined ? {} : { template }),
        }),
        denied: (clause, template) => Object.freeze({
            ...base,
            effect,
            clause,
            reason: 'explicit-deny',
            ...(template === undefined ? {} : { template }),
        }),
        refuse: (reason, nearest) => ({
            ...base,
            effect,
            clause: null,
            reason: mode === 'learn' ? 'learning' : reason,
            ...(nearest === undefined ? {} : { nearest }),
        }),
    };
}
/**
 * The answer where no contract speaks: `no-contract` (a service without one gets nothing through), `malformed`,
 * `wrong-trust-domain`, `internal-error` and the like. Always a deny, whatever any mode says.
 */
export function refusal(layer, reason) {
    const key = `${layer} ${reason}`;
    const known = refusals.get(key);
    if (known !== undefined)
        return known;
    const made = Object.freeze({
        effect: 'deny',
        layer,
        mode: null,
        contract: null,
        version: null,
        digest: null,
        clause: null,
        reason,
    });
    refusals.set(key, made);
    return made;
}
/** Bounded by 3 layers and the closed list of reasons. */
const refusals = new Map();
export function noContract(layer) {
    return refusal(layer, 'no-contract');
}
