/** A JSON Web Key Set (RFC 7517, section 5) as a provider publishes it: its keys for signatures, the rest left out. */
import { createPublicKey } from 'node:crypto';
import { VerificationKey } from '../../model/index.js';
import { IdentityError } from '../errors.js';

/** Of the text. */
export const keySetLimit = 256 * 1024;
const mostKeys = 64;

/**
 * Keys of kinds that nothing here verifies with (encryption, secrets shared between both sides) are left out; a private key
 * is an error, since whoever reads it could make tokens.
 *
 * @throws IdentityError `key-set-invalid`
 */
export function parseKeySet(text: string): readonly VerificationKey[] {
  if (text.length > keySetLimit) throw invalid(`it is larger than ${keySetLimit} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
  const listed = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(listed)) throw invalid('it has no list `keys`');
  if (listed.length > mostKeys) throw invalid(`it has more than ${mostKeys} keys`);
  const keys = listed.flatMap((item: unknown, index) => {
    const key = keyOf(item, index);
    return key === undefined ? [] : [key];
  });
  if (keys.length === 0) throw invalid('no key in it verifies signatures (RSA, EC on P-256, P-384 or P-521, Ed25519)');
  return keys;
}

function keyOf(item: unknown, index: number): VerificationKey | undefined {
  if (typeof item !== 'object' || item === null) throw invalid(`key ${index} is no object`);
  if ('d' in item) throw invalid(`key ${index} is a private key`);
  if ('use' in item && item.use !== 'sig') return undefined;
  if ('key_ops' in item && !(Array.isArray(item.key_ops) && item.key_ops.includes('verify'))) return undefined;
  const parsed = VerificationKey.safeParse(item);
  if (!parsed.success) return undefined;
  const key = parsed.data;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    // RFC 7518, section 3.3.
    if (key.kty === 'RSA' && (asymmetricKeyDetails?.modulusLength ?? 0) < 2_048)
      throw invalid(`key ${index} is an RSA key of less than 2048 bits`);
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    throw invalid(`key ${index} is no point or number of its kind`);
  }
  return key;
}

function invalid(why: string): IdentityError {
  return new IdentityError('key-set-invalid', `the key set cannot be used: ${why}`, {
    hint: 'it is what the identity provider publishes as `jwks_uri`',
  });
}
