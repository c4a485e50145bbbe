import { expect, test } from 'vitest';
import { base32, codeAt, stepAt, stepOf, totpUri } from './totp.js';

/** The seed of RFC 6238 appendix B and of RFC 4226 appendix D. */
const seed = Buffer.from('12345678901234567890');

test('gives the values of RFC 6238 appendix B', () => {
  for (const [seconds, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const)
    expect(codeAt(seed, stepAt(seconds * 1_000), 8)).toBe(code);
});

test('gives the values of RFC 4226 appendix D', () => {
  const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
  expect(codes.map((_code, step) => codeAt(seed, step))).toEqual(codes);
});

test('takes a clock that is off by one step, and no more', () => {
  const now = 1_700_000_000_000;
  const step = stepAt(now);
  expect([-2, -1, 0, 1, 2].map((off) => stepOf(seed, codeAt(seed, step + off), now))).toEqual([
    undefined,
    step - 1,
    step,
    step + 1,
    undefined,
  ]);
  for (const code of ['', '0', '12345', '1234567', ' 94287', '94 287', 'abcdef'])
    expect(stepOf(seed, code, now)).toBeUndefined();
});

test('writes base 32 as RFC 4648 section 10', () => {
  const vectors = {
    '': '',
    f: 'MY',
    fo: 'MZXQ',
    foo: 'MZXW6',
    foob: 'MZXW6YQ',
    fooba: 'MZXW6YTB',
    foobar: 'MZXW6YTBOI',
  };
  for (const [text, encoded] of Object.entries(vectors)) expect(base32(Buffer.from(text))).toBe(encoded);
  expect(totpUri(seed, 'Ana & Co', 'Tricordon shop')).toBe(
    'otpauth://totp/Tricordon%20shop:Ana%20%26%20Co?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tricordon%20shop',
  );
});
