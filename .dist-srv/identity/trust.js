/**
 * Decides who is on the other side of a TLS connection. INVARIANT: a chain counts only if it ends in a root of the
 * SPIFFE ID's own trust domain; with a union of roots, TLS alone lets one domain's CA mint another's identities.
 */
import { X509Certificate } from 'node:crypto';
import { parseSpiffeId, serviceOf } from '../model/index.js';
import { readCertificate } from './certificate-facts.js';
const deepest = 4;
const roots = new WeakMap();
/**
 * @param peer the leaf, as `socket.getPeerX509Certificate()` gives it; its `issuerCertificate`s are the rest of the chain.
 * @param now milliseconds since the epoch.
 * @param intermediates further certificates the peer sent, for callers that hold a chain rather than a socket.
 */
export function verifyPeer(peer, bundles, now, intermediates = []) {
    if (peer === undefined)
        return refused('no-identity', 'no certificate was presented');
    let leaf;
    try {
        leaf = readCertificate(peer.raw);
    }
    catch {
        return refused('malformed', 'the certificate cannot be read');
    }
    const [uri, ...more] = leaf.uris;
    if (uri === undefined)
        return refused('no-identity', 'the certificate carries no SPIFFE ID');
    if (more.length > 0)
        return refused('malformed', 'the certificate carries more than one URI');
    const id = parseSpiffeId(uri);
    if (id === undefined || id.path === '')
        return refused('malformed', 'the URI is no workload SPIFFE ID');
    const fault = leafFault(leaf);
    if (fault !== undefined)
        return refused('malformed', fault);
    const pems = Object.hasOwn(bundles, id.trustDomain) ? bundles[id.trustDomain] : undefined;
    if (pems === undefined)
        return refused('wrong-trust-domain', `no bundle for \`${id.trustDomain}\``);
    const given = intermediates.length > 0 ? intermediates : issuersOf(peer);
    const chain = chainToRoot(peer, given, rootsOf(pems), id.trustDomain, now);
    if (chain === 'none')
        return refused('wrong-trust-domain', `no chain to a root of \`${id.trustDomain}\``);
    if (chain === 'expired' || now < leaf.notBefore || now > leaf.notAfter) {
        return refused('identity-expired', 'the certificate or one above it is not valid now');
    }
    return {
        kind: 'ok',
        id: uri,
        trustDomain: id.trustDomain,
        service: serviceOf(uri),
        attributes: leaf.attributes,
        notAfter: Math.min(leaf.notAfter, chain),
    };
}
/** `verifyPeer` for a connected socket whose handshake is over. Once per connection: it costs up to a millisecond. */
export function verifySocket(socket, bundles, now) {
    return verifyPeer(socket.getPeerX509Certificate(), bundles, now);
}
/** X509-SVID section 4: what a certificate must and must not be to authenticate a workload. */
function leafFault(leaf) {
    if (leaf.ca)
        return 'a CA certificate is no identity';
    if (leaf.unknownCritical.length > 0)
        return 'the certificate has a critical extension that is not known';
    if (leaf.keyUsage === undefined || !leaf.keyUsage.critical)
        return 'the certificate has no critical key usage';
    if (!leaf.keyUsage.digitalSignature)
        return 'the key may not sign';
    if (leaf.keyUsage.keyCertSign || leaf.keyUsage.crlSign)
        return 'a key that signs certificates is no identity';
    if (leaf.extendedKeyUsage !== undefined && !(leaf.serverAuth && leaf.clientAuth)) {
        return 'the extended key usage is not server and client';
    }
    return undefined;
}
/** When the chain above the leaf ends being valid, or why there is none. */
function chainToRoot(leaf, given, trusted, trustDomain, now) {
    let current = leaf;
    let until = Number.POSITIVE_INFINITY;
    let expired = false;
    for (let depth = 0; depth < deepest; depth += 1) {
        const root = trusted.find((candidate) => issued(candidate, current));
        const above = root ?? given.find((candidate) => !same(candidate, current) && issued(candidate, current));
        if (above === undefined)
            return 'none';
        const facts = authorityFacts(above, trustDomain);
        if (facts === undefined)
            return 'none';
        // an expired chain is named so only if it would otherwise have been ours
        expired ||= now < facts.notBefore || now > facts.notAfter;
        until = Math.min(until, facts.notAfter);
        if (root !== undefined)
            return expired ? 'expired' : until;
        current = above;
    }
    return 'none';
}
function issued(issuer, subject) {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
/** X509-SVID section 3: a signing certificate; one that names a trust domain names this one. */
function authorityFacts(certificate, trustDomain) {
    try {
        const facts = readCertificate(certificate.raw);
        if (!facts.ca || facts.unknownCritical.length > 0 || facts.keyUsage?.keyCertSign !== true)
            return undefined;
        if (facts.uris.some((uri) => uri !== `spiffe://${trustDomain}`))
            return undefined;
        return facts;
    }
    catch {
        return undefined;
    }
}
function issuersOf(peer) {
    const found = [];
    for (let at = peer.issuerCertificate; at !== undefined && found.length < 8; at = at.issuerCertificate) {
        if (found.some((known) => same(known, at)))
            break;
        found.push(at);
    }
    return found;
}
function rootsOf(pems) {
    const known = roots.get(pems);
    if (known !== undefined)
        return known;
    const parsed = [];
    for (const pem of pems) {
        try {
            parsed.push(new X509Certificate(pem));
        }
        catch {
            // an unreadable root trusts nobody; the others go on
        }
    }
    roots.set(pems, parsed);
    return parsed;
}
function same(a, b) {
    return b !== undefined && a.raw.equals(b.raw);
}
function refused(reason, detail) {
    return { kind: 'refused', reason, detail };
}
