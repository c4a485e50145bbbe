import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.js';

test('equal values give equal text, whatever order their keys came in', () => {
  expect(canonicalJson({ b: [1, { d: null, c: '\u20ac' }], a: -0 })).toBe('{"a":0,"b":[1,{"c":"€","d":null}]}');
  expect(canonicalJson({ '\ufb33': 1, '\ud83d\ude00': 2, a: undefined })).toBe('{"\ud83d\ude00":2,"\ufb33":1}'); // UTF-16 order
});

test('what JSON cannot hold, and what is nested too deep, is refused', () => {
  let deep: unknown = 0;
  for (let n = 0; n < 100; n += 1) deep = [deep];
  for (const wrong of [Number.NaN, Infinity, 1n, () => 0, deep]) expect(() => canonicalJson(wrong)).toThrow(TypeError);
});
