import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseKeySet } from '../identity/index.js';
import { usersOf } from './users.js';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const keys = [...parseKeySet(JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))];
const users = usersOf([{ issuer: 'idp', audiences: ['a'], keys }]);

function token(exp: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'EdDSA' })}.${part({ iss: 'idp', aud: 'a', exp, sub: 'ada' })}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

const fields = (...lines: string[]) => ['Host: payments', 'X-Authorization: Bearer x', ...lines, ''].join('\r\n');

test('the user of a request is who its token says, until it ends', () => {
  const given = fields(`AUTHORIZATION:  bearer ${token(100)} `);
  for (const _ of [1, 2]) expect(users.userOf(given, 50_000).claims).toMatchObject({ sub: 'ada' });
  expect(users.userOf(given, 130_000)).toEqual({ claims: null, why: 'a token that has expired' });
});

test('without a token there is no user, and nothing to complain of', () => {
  for (const line of ['Accept: */*', 'Authorization: Basic YTpi', 'Authorization:', 'X: Authorization: Bearer a.b.c'])
    expect(users.userOf(fields(line), 0)).toEqual({ claims: null });
});

test('two fields are no user: two readers could take another one each', () => {
  const line = `Authorization: Bearer ${token(100)}`;
  expect(users.userOf(fields(line, line), 50_000)).toMatchObject({
    claims: null,
    why: expect.stringContaining('more than one'),
  });
  expect(users.userOf(fields(line, 'authorization: Basic x'), 50_000).claims).toBe(null);
});

test('tokens that do not count are not remembered, and those that do are, within bounds', () => {
  expect(users.userOf(fields('Authorization: Bearer a.b.c'), 0)).toEqual({
    claims: null,
    why: 'a token that cannot be read',
  });
  for (let at = 0; at < 2_100; at += 1)
    expect(users.userOf(fields(`Authorization: Bearer ${token(1_000 + at)}`), 0).claims).not.toBe(null);
});
