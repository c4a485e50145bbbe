/**
 * Bearer tokens of users: JSON Web Tokens (RFC 7519) signed as compact JWS (RFC 7515), verified as RFC 8725 asks: the
 * algorithm is the key's, never the token's choice; issuer and audience are pinned; what does not end does not count.
 */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { TokenIssuer, Value, VerificationKey } from '../../model/index.js';

export type VerifiedClaims = Readonly<Record<string, Value>>;

export type TokenResult =
  | { readonly kind: 'ok'; readonly claims: VerifiedClaims /** ms since 1970 */; readonly until: number }
  /** `why` in a few words; it holds nothing of the token. */
  | { readonly kind: 'refused'; readonly why: string };

export type TokenVerifier = (token: string, now: number) => TokenResult;

export const longestToken = 16 * 1024;
/** Clocks of two machines differ. */
const leewayMs = 30_000;
const deepest = 8;
/** ECDSA signatures of tokens are two numbers of the curve's length (RFC 7518, section 3.4). */
const dsaEncoding = 'ieee-p1363';

interface Algorithm {
  readonly hash: string | null;
  readonly kty: VerificationKey['kty'];
  readonly curve?: string;
  readonly pss?: true;
}

const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', { hash: 'sha256', kty: 'RSA' }],
  ['RS384', { hash: 'sha384', kty: 'RSA' }],
  ['RS512', { hash: 'sha512', kty: 'RSA' }],
  ['PS256', { hash: 'sha256', kty: 'RSA', pss: true }],
  ['PS384', { hash: 'sha384', kty: 'RSA', pss: true }],
  ['PS512', { hash: 'sha512', kty: 'RSA', pss: true }],
  ['ES256', { hash: 'sha256', kty: 'EC', curve: 'P-256' }],
  ['ES384', { hash: 'sha384', kty: 'EC', curve: 'P-384' }],
  ['ES512', { hash: 'sha512', kty: 'EC', curve: 'P-521' }],
  ['EdDSA', { hash: null, kty: 'OKP', curve: 'Ed25519' }],
  ['Ed25519', { hash: null, kty: 'OKP', curve: 'Ed25519' }],
]);

interface Key {
  readonly jwk: VerificationKey;
  readonly object: KeyObject;
}

/** Pure but for the cost of its cryptography: the same token and time give the same answer. */
export function tokenVerifier(issuers: readonly TokenIssuer[]): TokenVerifier {
  const known = new Map(
    issuers.map(({ issuer, audiences, keys }) => [
      issuer,
      {
        audiences: new Set(audiences),
        keys: keys.map((jwk): Key => ({ jwk, object: createPublicKey({ key: jwk, format: 'jwk' }) })),
      },
    ]),
  );
  return (token, now) => {
    if (token.length > longestToken) return refused('is too long');
    const [head, body, signature, ...more] = token.split('.');
    if (head === undefined || body === undefined || signature === undefined || more.length > 0)
      return refused('is not three parts with dots between');
    const header = objectIn(head);
    const claims = objectIn(body);
    const signed = bytesIn(signature);
    if (header === undefined || claims === undefined || signed === undefined) return refused('cannot be read');
    const { alg, kid, typ, crit } = header;
    if (crit !== undefined || header['b64'] !== undefined) return refused('has extensions that are not known');
    if (typ !== undefined && !(typeof typ === 'string' && /^(application\/)?(at\+)?jwt$/i.test(typ)))
      return refused('is of another type');
    const algorithm = typeof alg === 'string' ? algorithms.get(alg) : undefined;
    if (algorithm === undefined || typeof alg !== 'string') return refused('is signed in no way that counts');
    const { iss, aud } = claims;
    // Whose keys to try, by a claim that is not proved yet: they prove it, or nothing does.
    const issuer = typeof iss === 'string' ? known.get(iss) : undefined;
    if (issuer === undefined) return refused('is of an issuer that is not configured');
    const fitting = issuer.keys.filter(({ jwk }) => fits(jwk, alg, algorithm));
    const named = kid === undefined ? fitting : fitting.filter(({ jwk }) => jwk.kid === kid);
    const [key] = named;
    if (key === undefined) return refused('is signed by a key that is not known');
    if (named.length > 1) return refused('does not say which key signed it');
    if (!isSigned(algorithm, key.object, `${head}.${body}`, signed)) return refused('has a signature that is not good');
    const audiences = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud : [];
    if (!audiences.some((one) => typeof one === 'string' && issuer.audiences.has(one))) return refused('is for others');
    const until = timeOf(claims['exp']);
    if (until === undefined) return refused('does not end');
    if (now >= until + leewayMs) return refused('has expired');
    for (const name of ['nbf', 'iat']) {
      if (claims[name] === undefined) continue;
      const from = timeOf(claims[name]);
      if (from === undefined || now < from - leewayMs) return refused('is not valid yet');
    }
    return { kind: 'ok', claims, until: until + leewayMs };
  };
}

function fits(jwk: VerificationKey, name: string, { kty, curve }: Algorithm): boolean {
  return (
    jwk.kty === kty &&
    (curve === undefined || ('crv' in jwk && jwk.crv === curve)) &&
    (jwk.alg === undefined || jwk.alg === name)
  );
}

function isSigned({ hash, pss }: Algorithm, key: KeyObject, text: string, signature: Buffer): boolean {
  const padding =
    pss === true ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  try {
    return verify(hash, Buffer.from(text, 'latin1'), { key, dsaEncoding, ...padding }, signature);
  } catch {
    return false;
  }
}

/** Base64url without padding, written in the one way there is (RFC 7515, section 2). */
function bytesIn(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

const strict = new TextDecoder('utf-8', { fatal: true });

function objectIn(text: string): Record<string, Value> | undefined {
  const bytes = bytesIn(text);
  if (bytes === undefined) return undefined;
  try {
    const value: Value = JSON.parse(strict.decode(bytes));
    return isObject(value) && !isDeeper(value, deepest) ? Object.freeze({ ...value }) : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDeeper(value: Value, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part: Value) => isDeeper(part, levels - 1));
}

/** NumericDate: seconds since 1970 -> ms. */
function timeOf(value: Value | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value * 1_000 : undefined;
}

function refused(why: string): TokenResult {
  return { kind: 'refused', why };
}
