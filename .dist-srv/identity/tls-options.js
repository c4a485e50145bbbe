/** TLS 1.3 with an SVID on both ends. Contexts are cached per SVID and bundle: building one takes milliseconds. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext, } from 'node:tls';
import { systemClock } from '../base/index.js';
import { IdentityError } from './errors.js';
import { verifyPeer } from './trust.js';
const contexts = new WeakMap();
/** The cached context: certificate, key and the union of all roots (which is why `verifyPeer` must follow). */
export function secureContextOf(svid, bundles) {
    const perSvid = contexts.get(svid) ?? new WeakMap();
    contexts.set(svid, perSvid);
    const known = perSvid.get(bundles);
    if (known !== undefined)
        return known;
    const made = createSecureContext(secrets(svid, bundles));
    perSvid.set(bundles, made);
    return made;
}
/**
 * For `tls.createServer`, and for `server.setSecureContext` on rotation (new handshakes use the new SVID, nothing
 * restarts). INVARIANT: the caller runs `verifySocket` on every accepted connection before the first byte is used.
 * `clientCertificate: 'checked-later'` lets every handshake end, so that a refusal can be recorded with its reason
 * (and one-time enrolment can come without a certificate); `required` also refuses in the handshake.
 */
export function tlsServerOptions(options) {
    return {
        ...secrets(options.svid, options.bundles),
        minVersion: 'TLSv1.3',
        requestCert: true,
        rejectUnauthorized: options.clientCertificate !== 'checked-later',
        ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
    };
}
/**
 * For `tls.connect` (and `https.request`): the handshake fails with `peer-refused` unless the server proves
 * `expectedId` by a chain of that ID's own trust domain. Sessions are not resumed: Node checks no identity on
 * resumption, so a caller must not add `session`.
 */
export function tlsClientOptions(options) {
    const clock = options.clock ?? systemClock;
    return {
        secureContext: secureContextOf(options.svid, options.bundles),
        minVersion: 'TLSv1.3',
        rejectUnauthorized: true,
        // Node would otherwise send the address or nothing; a fixed name keeps contracts out of the clear-text part
        servername: '',
        ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
        checkServerIdentity: (_host, certificate) => identityFault(certificate, options, clock),
    };
}
function identityFault(certificate, options, clock) {
    const [leaf, ...above] = chainOf(certificate);
    const result = verifyPeer(leaf, options.bundles, clock.now(), above);
    if (result.kind === 'refused') {
        return new IdentityError('peer-refused', `the peer was refused: ${result.detail}`, { hint: result.reason });
    }
    if (result.id === options.expectedId)
        return undefined;
    return new IdentityError('peer-refused', `the peer is \`${result.id}\`, expected was \`${options.expectedId}\``, {
        hint: 'another workload listens at this address',
    });
}
function chainOf(certificate) {
    const found = [];
    let at = certificate;
    while (at?.raw !== undefined && found.length < 8) {
        const read = new X509Certificate(at.raw);
        if (found.some((known) => known.raw.equals(read.raw)))
            break;
        found.push(read);
        at = 'issuerCertificate' in at ? at.issuerCertificate : undefined;
    }
    return found;
}
function secrets(svid, bundles) {
    return { cert: svid.chainPem.join(''), key: svid.privateKeyPem, ca: Object.values(bundles).flat() };
}
