/**
 * Mints the certificates of this product (RFC 5280, SPIFFE X509-SVID sections 2 to 4). A DER template and
 * `node:crypto` mint one in a fraction of a millisecond; a general X.509 library takes forty times that.
 */
import { createHash, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { bits, boolean, context, element, expectTag, octets, oid, readAll, readOne, sequence, tags, time, unsigned, utf8, } from './der.js';
import { IdentityError } from './errors.js';
/**
 * The extension that carries a workload's signed attributes: `SEQUENCE OF SEQUENCE { name UTF8String, value
 * UTF8String }`, sorted by name, never critical. The arc is a UUID's (2.25, ITU-T X.667): unique without a registry.
 */
export const attributesOid = '2.25.23786560288096609681051136548776643825';
export const oids = {
    subjectKeyId: '2.5.29.14',
    keyUsage: '2.5.29.15',
    subjectAltName: '2.5.29.17',
    basicConstraints: '2.5.29.19',
    authorityKeyId: '2.5.29.35',
    extendedKeyUsage: '2.5.29.37',
    serverAuth: '1.3.6.1.5.5.7.3.1',
    clientAuth: '1.3.6.1.5.5.7.3.2',
    commonName: '2.5.4.3',
    organization: '2.5.4.10',
    ecdsaWithSha256: '1.2.840.10045.4.3.2',
};
const algorithm = sequence(oid(oids.ecdsaWithSha256));
const version3 = context(0, true, element(tags.integer, Buffer.of(2)));
const leafConstraints = extension(oids.basicConstraints, true, sequence());
const leafUsage = extension(oids.keyUsage, true, bits(Buffer.of(0x80), 7));
const caConstraints = extension(oids.basicConstraints, true, sequence(boolean(true)));
const caUsage = extension(oids.keyUsage, true, bits(Buffer.of(0x06), 1));
const bothPurposes = extension(oids.extendedKeyUsage, false, sequence(oid(oids.serverAuth), oid(oids.clientAuth)));
const serverPurpose = extension(oids.extendedKeyUsage, false, sequence(oid(oids.serverAuth)));
/** A subject: `O=Tricordon, CN=...`. */
export function distinguishedName(commonName) {
    return sequence(element(tags.set, sequence(oid(oids.organization), utf8('Tricordon'))), element(tags.set, sequence(oid(oids.commonName), utf8(commonName))));
}
/** RFC 7093 section 2 method 1: the leftmost 160 bits of SHA-256 over the public key. */
export function keyIdOf(publicKey) {
    const [, key] = readAll(expectTag(readOne(publicKey), tags.sequence).body, 2);
    return createHash('sha256').update(expectTag(key, tags.bits).body.subarray(1)).digest().subarray(0, 20);
}
/** 127 random bits: positive, at most 16 bytes, never zero (RFC 5280 section 4.1.2.2). */
export function newSerial() {
    const serial = randomBytes(16);
    serial[0] = (serial[0] ?? 0) & 0x7f || 1;
    return serial;
}
/** Signs one certificate; DER. */
export function mintCertificate(template, issuer) {
    const authority = template.kind === 'authority';
    const extensions = [
        extension(oids.subjectKeyId, false, octets(keyIdOf(template.publicKey))),
        extension(oids.authorityKeyId, false, sequence(context(0, false, issuer.keyId))),
        ...(authority ? [caConstraints, caUsage] : [leafConstraints, leafUsage]),
        ...(authority ? [] : [template.kind === 'server' ? serverPurpose : bothPurposes]),
        ...alternativeNames(template),
        ...attributesExtension(template.attributes ?? {}),
    ];
    const body = sequence(version3, unsigned(template.serial ?? newSerial()), algorithm, issuer.name, sequence(time(template.notBefore), time(template.notAfter)), distinguishedName(template.commonName), template.publicKey, context(3, true, sequence(...extensions)));
    return sequence(body, algorithm, bits(sign('sha256', body, issuer.key)));
}
export function pemOf(der) {
    const lines = Buffer.from(der)
        .toString('base64')
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
function extension(id, critical, value) {
    return critical ? sequence(oid(id), boolean(true), octets(value)) : sequence(oid(id), octets(value));
}
function alternativeNames(template) {
    const names = [
        ...(template.uri === undefined ? [] : [context(6, false, Buffer.from(template.uri, 'latin1'))]),
        ...(template.names ?? []).map((name) => {
            const address = addressBytes(name);
            return address === undefined ? context(2, false, Buffer.from(name, 'latin1')) : context(7, false, address);
        }),
    ];
    return names.length === 0 ? [] : [extension(oids.subjectAltName, false, sequence(...names))];
}
function attributesExtension(attributes) {
    const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
    if (sorted.length === 0)
        return [];
    const value = sequence(...sorted.map(([name, text]) => sequence(utf8(name), utf8(text))));
    return [extension(attributesOid, false, value)];
}
/** The 4 or 16 bytes of an IP address, or undefined for a name. */
function addressBytes(text) {
    if (isIPv4(text))
        return Buffer.from(text.split('.').map(Number));
    if (!isIPv6(text) || text.includes('%') || text.includes('.'))
        return undefined;
    const [head = '', tail] = text.split('::');
    const front = head === '' ? [] : head.split(':');
    const back = tail === undefined || tail === '' ? [] : tail.split(':');
    const middle = tail === undefined ? [] : new Array(8 - front.length - back.length).fill('0');
    const words = [...front, ...middle, ...back].map((word) => Number.parseInt(word, 16));
    return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}
/** @throws IdentityError `certificate-request-invalid` for attributes that are too many or too long to sign. */
export function checkAttributes(attributes) {
    const entries = Object.entries(attributes);
    if (entries.length > 32)
        throw invalid('more than 32 attributes');
    for (const [name, value] of entries) {
        if (!/^[a-z][a-z0-9._-]{0,63}$/.test(name))
            throw invalid('an attribute name is 1 to 64 of a-z, 0-9, `.`, `_`, `-`');
        if (value.length > 512)
            throw invalid(`attribute \`${name}\` is longer than 512 characters`);
    }
}
export function invalid(message, cause) {
    return new IdentityError('certificate-request-invalid', message, { cause });
}
