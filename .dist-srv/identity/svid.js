/** An X.509-SVID with its private key, as one process holds it in memory. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readCertificate } from './certificate-facts.js';
import { IdentityError } from './errors.js';
export function generateKeyPair() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}
/**
 * Joins a key and the chain issued for it.
 *
 * @throws IdentityError `svid-mismatch` when the leaf is for another key, has not exactly one SPIFFE ID, or not
 * `expectedId`; `certificate-malformed` when a certificate cannot be read.
 */
export function svidFrom(privateKeyPem, chainPem, expectedId) {
    const [leafPem] = chainPem;
    if (leafPem === undefined)
        throw new IdentityError('svid-mismatch', 'the chain is empty');
    let leaf;
    try {
        leaf = new X509Certificate(leafPem);
        for (const pem of chainPem.slice(1))
            new X509Certificate(pem);
    }
    catch (cause) {
        throw new IdentityError('certificate-malformed', 'the chain holds something that is no certificate', { cause });
    }
    const facts = readCertificate(leaf.raw);
    const [id, ...others] = facts.uris;
    if (id === undefined || others.length > 0) {
        throw new IdentityError('svid-mismatch', `the certificate carries ${facts.uris.length} URIs instead of one`);
    }
    if (expectedId !== undefined && id !== expectedId) {
        throw new IdentityError('svid-mismatch', `the certificate is for \`${id}\`, not for \`${expectedId}\``);
    }
    if (!belongs(leaf, privateKeyPem)) {
        throw new IdentityError('svid-mismatch', 'the certificate is for another key');
    }
    return {
        id,
        privateKeyPem,
        chainPem: [...chainPem],
        notBefore: facts.notBefore,
        notAfter: facts.notAfter,
        attributes: facts.attributes,
    };
}
function belongs(leaf, privateKeyPem) {
    try {
        return leaf.checkPrivateKey(createPrivateKey(privateKeyPem));
    }
    catch {
        return false;
    }
}
