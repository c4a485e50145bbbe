/** Decisions that the data plane itself takes, beside those of the compiled contracts. */
import { refusal } from '../contract/index.js';
/** The same answer for every refusal of the framing layer. */
export const malformed = refusal('api', 'malformed');
/** The gateway's own part of a public request: it publishes the service, the callee's contract decides. */
export const published = Object.freeze({
    effect: 'allow',
    layer: 'api',
    reason: 'allowed',
    mode: null,
    contract: null,
    version: null,
    digest: null,
    clause: null,
});
/**
 * Bytes that are not HTTP, toward a service: they pass where the API layer is unmanaged, off or learning; where its
 * operations are managed they would go around the clauses.
 */
export function opaqueDecision(version, isolated) {
    const { contract } = version;
    const mode = contract.mode.api;
    const base = {
        layer: 'api',
        mode,
        contract: version.service,
        version: version.version,
        digest: version.digest,
        clause: null,
    };
    if (isolated)
        return { ...base, effect: 'deny', reason: 'isolated' };
    if (mode === 'off')
        return { ...base, effect: 'allow', reason: 'mode-off' };
    if (contract.api?.serves === undefined)
        return { ...base, effect: 'allow', reason: 'layer-unmanaged' };
    if (mode === 'learn')
        return { ...base, effect: 'would-deny', reason: 'learning' };
    const nearest = { clause: '', failed: [{ predicate: 'protocol', wanted: 'http/1.1', got: 'opaque tcp' }] };
    return { ...base, effect: mode === 'audit' ? 'would-deny' : 'deny', reason: 'method', nearest };
}
