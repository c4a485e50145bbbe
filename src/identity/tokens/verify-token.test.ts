import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TokenIssuer, VerificationKey } from '../../model/index.js';
import { parseKeySet } from './key-set.js';
import { tokenVerifier } from './verify-token.js';

const now = Date.parse('2026-11-23T12:00:00Z');
const seconds = now / 1_000;
const good = { iss: 'https://idp.example', aud: 'payments', exp: seconds + 60, sub: 'ada', scope: 'pay:write' };

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Signer {
  readonly alg: string;
  readonly hash: string | null;
  readonly key: KeyObject;
  readonly jwk: VerificationKey;
  readonly padding?: object;
}

function signer(
  alg: string,
  hash: string | null,
  pair: { publicKey: KeyObject; privateKey: KeyObject },
  padding = {},
): Signer {
  const [jwk] = parseKeySet(JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: alg }] }));
  if (jwk === undefined) throw new Error('no key');
  return { alg, hash, key: pair.privateKey, jwk, padding };
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const signers = [
  signer('RS256', 'sha256', rsa),
  signer('PS512', 'sha512', rsa, { padding: 6, saltLength: 64 }),
  signer('ES256', 'sha256', generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  signer('ES512', 'sha512', generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  signer('EdDSA', null, generateKeyPairSync('ed25519')),
];
const [first, , elliptic] = signers;

function made(by: Signer | undefined, claims: object, header: object = {}): string {
  if (by === undefined) throw new Error('no signer');
  const text = `${part({ alg: by.alg, kid: by.alg, typ: 'JWT', ...header })}.${part(claims)}`;
  const options = { key: by.key, dsaEncoding: 'ieee-p1363' as const, ...by.padding };
  return `${text}.${sign(by.hash, Buffer.from(text), options).toString('base64url')}`;
}

const issuer: TokenIssuer = { issuer: good.iss, audiences: ['payments', 'all'], keys: signers.map(({ jwk }) => jwk) };
const verify = tokenVerifier([issuer]);
const why = (token: string, at = now) => {
  const result = verify(token, at);
  return result.kind === 'ok' ? 'ok' : result.why;
};

test.each(signers)('a token signed with $alg counts, with its claims', (by) => {
  expect(verify(made(by, good), now)).toMatchObject({ kind: 'ok', claims: good });
});

test('the example of RFC 7515, appendix A.3, verifies while it lasts', () => {
  const [key] = parseKeySet(
    JSON.stringify({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        },
      ],
    }),
  );
  if (key === undefined) throw new Error('no key');
  // It names no audience, and is refused for that alone: the signature comes first.
  const token =
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.' +
    'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
  const joe = tokenVerifier([{ issuer: 'joe', audiences: ['me'], keys: [key] }]);
  expect(joe(token, now)).toEqual({ kind: 'refused', why: 'is for others' });
  expect(joe(token.replace('DtEhU', 'DtEhV'), now)).toEqual({
    kind: 'refused',
    why: 'has a signature that is not good',
  });
});

test.each([
  ['another issuer', made(first, { ...good, iss: 'https://idp.example/' }), 'is of an issuer that is not configured'],
  ['another audience', made(first, { ...good, aud: 'orders' }), 'is for others'],
  ['no audience', made(first, { ...good, aud: undefined }), 'is for others'],
  ['no end', made(first, { ...good, exp: undefined }), 'does not end'],
  ['an end that is text', made(first, { ...good, exp: String(good.exp) }), 'does not end'],
  ['an end in the past', made(first, { ...good, exp: seconds - 31 }), 'has expired'],
  ['a beginning to come', made(first, { ...good, nbf: seconds + 31 }), 'is not valid yet'],
  ['an issue to come', made(first, { ...good, iat: seconds + 60 }), 'is not valid yet'],
  ['extensions', made(first, good, { crit: ['x'] }), 'has extensions that are not known'],
  ['an unencoded body', made(first, good, { b64: false }), 'has extensions that are not known'],
  ['another type', made(first, good, { typ: 'secevent+jwt' }), 'is of another type'],
  ['no algorithm', `${part({ alg: 'none' })}.${part(good)}.`, 'cannot be read'],
  ['none, and a signature', `${part({ alg: 'none' })}.${part(good)}.AAAA`, 'is signed in no way that counts'],
  ['a shared secret', made(first, good, { alg: 'HS256' }), 'is signed in no way that counts'],
  ['a key of another kind', made(first, good, { kid: 'ES256' }), 'is signed by a key that is not known'],
  ['an unknown key', made(first, good, { kid: 'other' }), 'is signed by a key that is not known'],
  ['a number for a key', made(first, good, { kid: 7 }), 'is signed by a key that is not known'],
  ['two keys that fit', made(first, good, { kid: undefined }), 'does not say which key signed it'],
  ['a DER signature', der(), 'has a signature that is not good'],
  ['too much of it', made(first, { ...good, pad: 'x'.repeat(16_384) }), 'is too long'],
  ['too deep a claim', made(first, { ...good, deep: [[[[[[[[1]]]]]]]] }), 'cannot be read'],
  ['padding', `${made(first, good)}=`, 'cannot be read'],
  ['two parts', 'a.b', 'is not three parts with dots between'],
  ['nothing', '', 'is not three parts with dots between'],
])('a token with %s does not count', (_, token, reason) => {
  expect(why(token)).toBe(reason);
});

function der(): string {
  const text = `${part({ alg: 'ES256', kid: 'ES256' })}.${part(good)}`;
  if (elliptic === undefined) throw new Error('no signer');
  return `${text}.${sign('sha256', Buffer.from(text), elliptic.key).toString('base64url')}`;
}

test('clocks may differ by half a minute, and no more', () => {
  const token = made(first, { ...good, nbf: seconds });
  expect(why(token, now - 29_000)).toBe('ok');
  expect(why(token, now - 31_000)).toBe('is not valid yet');
  expect(why(token, now + 89_000)).toBe('ok');
  expect(why(token, now + 90_000)).toBe('has expired');
});

test('no change of a single character leaves a token good', () => {
  const token = made(elliptic, good);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...'AQgw_-.=%é\n'), (at, char) => {
      fc.pre(token[at] !== char);
      expect(why(`${token.slice(0, at)}${char}${token.slice(at + 1)}`)).not.toBe('ok');
    }),
  );
});

test('any text is refused, none throws', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      expect(verify(pieces.join('.'), now).kind).toBe('refused');
    }),
  );
});
