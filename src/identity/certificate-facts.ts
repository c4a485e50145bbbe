/** Reads certificates from their DER, never from a text form, and refuses what is ambiguous. */
import type { Attributes } from '../model/index.js';
import { attributesOid, oids } from './certificate.js';
import {
  booleanValue,
  type Der,
  expectTag,
  malformed,
  oidText,
  readAll,
  readOne,
  tags,
  timeValue,
  utf8Value,
} from './der.js';

/** What a certificate says, decoded from its DER and never from a text form. */
export interface CertificateFacts {
  readonly notBefore: number;
  readonly notAfter: number;
  /** Subject as DER, to be used as issuer name. */
  readonly subject: Buffer;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ca: boolean;
  /** Bits of RFC 5280 section 4.2.1.3; undefined when the extension is absent. */
  readonly keyUsage:
    | {
        readonly digitalSignature: boolean;
        readonly keyCertSign: boolean;
        readonly crlSign: boolean;
        readonly critical: boolean;
      }
    | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly serverAuth: boolean;
  readonly clientAuth: boolean;
  readonly attributes: Attributes;
  /** Critical extensions this reader does not know: such a certificate must be refused. */
  readonly unknownCritical: readonly string[];
}

/** @throws IdentityError `certificate-malformed`. */
export function readCertificate(der: Buffer): CertificateFacts {
  if (der.length > 65_536) throw malformed('larger than 64 KiB');
  const outer = readAll(expectTag(readOne(der), tags.sequence).body, 3);
  const fields = readAll(expectTag(outer[0], tags.sequence).body, 10);
  if (fields[0]?.tag !== 0xa0 || !fields[0].body.equals(Buffer.of(2, 1, 2))) throw malformed('not version 3');
  const [from, until] = readAll(expectTag(fields[4], tags.sequence).body, 2);
  const extensions = readExtensions(fields.find((field) => field.tag === 0xa3));
  const names = alternatives(extensions.get(oids.subjectAltName)?.value);
  const purposes = extensions.get(oids.extendedKeyUsage);
  const extended = purposes && readAll(sequenceBody(purposes.value)).map(oidText);
  const known: readonly string[] = [...Object.values(oids), attributesOid];
  return {
    notBefore: timeValue(from),
    notAfter: timeValue(until),
    subject: expectTag(fields[5], tags.sequence).raw,
    uris: names.uris,
    dnsNames: names.dnsNames,
    ca: isAuthority(extensions.get(oids.basicConstraints)?.value),
    keyUsage: usage(extensions.get(oids.keyUsage)),
    extendedKeyUsage: extended,
    serverAuth: extended?.includes(oids.serverAuth) ?? false,
    clientAuth: extended?.includes(oids.clientAuth) ?? false,
    attributes: attributesIn(extensions.get(attributesOid)?.value),
    unknownCritical: [...extensions].filter(([id, { critical }]) => critical && !known.includes(id)).map(([id]) => id),
  };
}

interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

function readExtensions(field: Der | undefined): Map<string, Extension> {
  const found = new Map<string, Extension>();
  if (field === undefined) return found;
  for (const item of readAll(sequenceBody(field.body), 64)) {
    const [id, ...rest] = readAll(expectTag(item, tags.sequence).body, 3);
    if (id === undefined) throw malformed('empty extension');
    const name = oidText(id);
    const [flag] = rest.length === 2 ? rest : [];
    if (found.has(name)) throw malformed(`extension ${name} twice`);
    found.set(name, {
      critical: flag === undefined ? false : booleanValue(flag),
      value: expectTag(rest[rest.length - 1], tags.octets).body,
    });
  }
  return found;
}

function sequenceBody(bytes: Buffer): Buffer {
  return expectTag(readOne(bytes), tags.sequence).body;
}

function alternatives(value: Buffer | undefined): { uris: string[]; dnsNames: string[] } {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  for (const name of value === undefined ? [] : readAll(sequenceBody(value))) {
    if (name.tag === 0x86) uris.push(ia5(name.body));
    if (name.tag === 0x82) dnsNames.push(ia5(name.body));
  }
  return { uris, dnsNames };
}

/** INVARIANT: bytes outside printable ASCII (a NUL before all) never become part of an identity. */
function ia5(body: Buffer): string {
  for (const byte of body) if (byte < 0x21 || byte > 0x7e) throw malformed('alternative name');
  return body.toString('latin1');
}

function isAuthority(value: Buffer | undefined): boolean {
  if (value === undefined) return false;
  const [first] = readAll(sequenceBody(value), 2);
  return first !== undefined && first.tag === tags.boolean && booleanValue(first);
}

function usage(found: Extension | undefined): CertificateFacts['keyUsage'] {
  if (found === undefined) return undefined;
  const { body } = expectTag(readOne(found.value), tags.bits);
  const first = body[1] ?? 0;
  return {
    critical: found.critical,
    digitalSignature: (first & 0x80) !== 0,
    keyCertSign: (first & 0x04) !== 0,
    crlSign: (first & 0x02) !== 0,
  };
}

function attributesIn(value: Buffer | undefined): Attributes {
  const attributes: Attributes = {};
  for (const pair of value === undefined ? [] : readAll(sequenceBody(value), 64)) {
    const [name, text, more] = readAll(expectTag(pair, tags.sequence).body, 3);
    const key = utf8Value(name);
    if (more !== undefined || Object.hasOwn(attributes, key)) throw malformed('attributes');
    Object.defineProperty(attributes, key, {
      value: utf8Value(text),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return attributes;
}
