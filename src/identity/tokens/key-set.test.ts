import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKeySet } from './key-set.js';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = pair.publicKey.export({ format: 'jwk' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
const set = (...keys: unknown[]) => JSON.stringify({ keys });

test('keys for signatures are taken, with no member but those that verify', () => {
  const given = { ...key, kid: 'a', alg: 'ES256', use: 'sig', key_ops: ['verify'], x5c: ['...'] };
  expect(parseKeySet(set(given))).toEqual([{ ...key, kid: 'a', alg: 'ES256' }]);
});

test('keys of other uses and kinds are left out', () => {
  const others = [
    { ...key, use: 'enc' },
    { ...key, key_ops: ['sign'] },
    { kty: 'oct', k: 'AAAA' },
    { kty: 'OKP', crv: 'X25519', x: 'AA' },
  ];
  expect(parseKeySet(set(...others, key))).toHaveLength(1);
});

test.each([
  ['no JSON', '{', 'it is not JSON'],
  ['no list', '{"keys":{}}', 'it has no list `keys`'],
  ['an array', '[]', 'it has no list `keys`'],
  ['nothing that verifies', set({ kty: 'oct', k: 'AAAA' }), 'no key in it verifies signatures'],
  ['a private key', set(pair.privateKey.export({ format: 'jwk' })), 'key 0 is a private key'],
  ['a weak key', set(key, weak), 'key 1 is an RSA key of less than 2048 bits'],
  ['a point off the curve', set({ ...key, x: key.y }), 'key 0 is no point or number of its kind'],
  ['text for a key', set('key'), 'key 0 is no object'],
  ['too many', set(...Array.from({ length: 65 }, () => key)), 'more than 64 keys'],
  ['too much', `${' '.repeat(256 * 1024)}${set(key)}`, 'larger than'],
])('%s is an error that says so', (_, text, why) => {
  expect(() => parseKeySet(text)).toThrow(why);
});
