import { expect, test } from 'vitest';
import { codeOf, messageOf, printable, TricordonError } from './errors.js';

test('hostile text cannot move the cursor, forge a line or turn the reading direction', () => {
  expect(printable('a\u001b[31mb\r\nc\u0000')).toBe('a\\x1b[31mb\\x0d\\x0ac\\x00');
  expect(printable('a\u0085b\u009bc\u007f')).toBe('a\\x85b\\x9bc\\x7f');
  expect(printable('\u202eabc\u2066\u2028\ufeff')).toBe('\\u{202e}abc\\u{2066}\\u{2028}\\u{feff}');
  expect(printable('plain, caf\u00e9 \u{1f980}')).toBe('plain, caf\u00e9 \u{1f980}');
});

test('text is bounded, and says that it was cut', () => {
  expect(printable('a'.repeat(600))).toBe(`${'a'.repeat(512)}…`);
  expect(printable('abc', 3)).toBe('abc');
  expect(messageOf(new Error('x'.repeat(5_000))).length).toBeLessThanOrEqual(2_001);
});

test('whatever was thrown has a message on one line, and a code only where it is text', () => {
  expect(messageOf(new Error('a\nb'))).toBe('a\\x0ab');
  expect([messageOf(undefined), messageOf('x'), messageOf({})]).toEqual(['undefined', 'x', '[object Object]']);
  expect(codeOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
  expect([codeOf(null), codeOf('x'), codeOf({ code: 5 }), codeOf(new Error('x'))]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('an error carries its code, its hint and what caused it', () => {
  const cause = new Error('below');
  const error = new TricordonError('some-code', 'it went wrong', { hint: 'try again', cause });
  expect([error.code, error.hint, error.cause, codeOf(error)]).toEqual(['some-code', 'try again', cause, 'some-code']);
  expect(new TricordonError('x', 'y')).not.toHaveProperty('cause');
});
