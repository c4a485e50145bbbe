/** The answers of the SPIFFE Workload API (SPIFFE_Workload_API.md sections 5.2.1 and 5.2.2). */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { entry, field, message } from './protobuf.js';
/** `X509SVIDResponse`: every identity with its own trust domain's bundle; foreign bundles as `federated_bundles`. */
export function svidResponse(svids, bundles) {
    const own = new Set(svids.map((svid) => trustDomainOf(svid.id)));
    return Buffer.concat([
        ...svids.map((svid) => message(1, Buffer.concat([
            field(1, svid.id),
            field(2, derOf(svid.chainPem)),
            field(3, createPrivateKey(svid.privateKeyPem).export({ type: 'pkcs8', format: 'der' })),
            field(4, derOf(bundles[trustDomainOf(svid.id)] ?? [])),
            // hints must differ within one answer; with one identity none is needed
            ...(svids.length > 1 ? [field(5, svid.id)] : []),
        ]))),
        ...Object.entries(bundles)
            .filter(([name]) => !own.has(name))
            .map(([name, pems]) => entry(3, `spiffe://${name}`, derOf(pems))),
    ]);
}
/** `X509BundlesResponse`: all bundles by trust domain. */
export function bundlesResponse(bundles) {
    return Buffer.concat(Object.entries(bundles).map(([name, pems]) => entry(2, `spiffe://${name}`, derOf(pems))));
}
function derOf(pems) {
    return Buffer.concat(pems.map((pem) => new X509Certificate(pem).raw));
}
function trustDomainOf(id) {
    return id.slice('spiffe://'.length).split('/')[0] ?? '';
}
