import { expect, test } from 'vitest';
import { bytes, clockTime, duration, offset, plural, rate, shortDigest, visible } from './format.ts';

test('durations read as a person says them', () => {
  expect([0, 35, 999.6, 1_304, 12_340, 250_000, 11_100_000, 3e8].map(duration)).toEqual([
    '0 ms',
    '35 ms',
    '1000 ms',
    '1.30 s',
    '12.3 s',
    '4 min 10 s',
    '3 h 5 min',
    '3 days',
  ]);
  expect(duration(Number.NaN)).toBe('unknown');
  expect(offset(1_402)).toBe('+1.40 s');
});

test('a rate that is not nothing is never shown as nothing', () => {
  expect([212.4, 3.44, 0.2, 0.003, 0].map(rate)).toEqual(['212/s', '3.4/s', '12/min', '<1/min', 'none']);
});

test('counts agree with their noun', () => {
  expect([plural(0, 'host'), plural(1, 'host'), plural(41_220, 'event')]).toEqual([
    '0 hosts',
    '1 host',
    '41,220 events',
  ]);
  expect(bytes(18_432_118)).toBe('18.4 MB');
  expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('sha256:ababab…abab');
});

test('a time that is none is said to be unknown', () => {
  expect(clockTime(Number.NaN)).toBe('unknown time');
});

test('control characters, direction overrides and invisible characters are written out', () => {
  expect(visible('a\u001b[31mb')).toBe('a\\x1b[31mb');
  expect(visible('x\u202egnp')).toBe('x\\u{202e}gnp');
  expect(visible('pay\u200bments\u00ad')).toBe('pay\\u{200b}ments\\xad');
  expect(visible('line\nline\u2028')).toBe('line\\x0aline\\u{2028}');
  expect(visible('übergröße 東京')).toBe('übergröße 東京');
});

test('text beyond the limit is cut and says so', () => {
  expect(visible('a'.repeat(600), 10)).toBe(`${'a'.repeat(10)}…`);
});
