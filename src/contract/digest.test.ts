import { expect, test } from 'vitest';
import { canonicalJson, contractDigest } from './digest.js';
import { ContractError } from './error.js';
import { emptyContract } from './initial.js';

test('members are sorted by UTF-16 code units and numbers are written as ECMAScript does (RFC 8785)', () => {
  expect(
    canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }),
  ).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  );
  expect(canonicalJson({ a: undefined, b: null, c: [true, 'x"\u0001'] })).toBe('{"b":null,"c":[true,"x\\"\\u0001"]}');
});

test('what JSON cannot say is refused', () => {
  for (const value of [Number.NaN, '\ud800', 1n, { x: () => 1 }])
    expect(() => canonicalJson(value)).toThrow(ContractError);
});

test('key order does not change a digest, content does', () => {
  const contract = emptyContract('a', 'learn');
  const turned = Object.fromEntries(Object.entries(contract).reverse());
  expect(canonicalJson(turned)).toBe(canonicalJson(contract));
  expect(contractDigest(contract)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(contractDigest(emptyContract('b', 'learn'))).not.toBe(contractDigest(contract));
});
