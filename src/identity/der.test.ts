import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCertificate } from './certificate-facts.js';
import { oid, oidText, readAll, readOne, sequence, time, timeValue, utf8, utf8Value } from './der.js';

test('object identifiers of any size come back as they went', () => {
  for (const text of [
    '2.5.29.17',
    '1.3.6.1.5.5.7.3.1',
    '0.0',
    '2.25.23786560288096609681051136548776643825',
    '2.999.1',
  ]) {
    expect(oidText(readOne(oid(text)))).toBe(text);
  }
});

test('times keep whole seconds on both sides of 2050', () => {
  for (const at of ['2026-11-22T18:26:01.000Z', '2049-12-31T23:59:59.000Z', '2050-01-01T00:00:00.000Z']) {
    expect(timeValue(readOne(time(Date.parse(at))))).toBe(Date.parse(at));
  }
  expect(() => timeValue(readOne(Buffer.from('170d3236303233303132303030305a', 'hex')))).toThrow();
});

test('long elements keep their length', () => {
  for (const size of [0, 127, 128, 255, 256, 60_000]) {
    expect(utf8Value(readAll(readOne(sequence(utf8('x'.repeat(size)))).body)[0])).toHaveLength(size);
  }
});

test('refuses indefinite, overlong, truncated and trailing bytes', () => {
  for (const hex of [
    '3080',
    '308100',
    '30820001ff',
    '3005020101',
    '020101ff',
    '1f8101',
    '',
    '30',
    '3084ffffffff',
    '30ff',
  ]) {
    expect(() => readOne(Buffer.from(hex, 'hex')), hex).toThrow(
      expect.objectContaining({ code: 'certificate-malformed' }),
    );
  }
});

test('no bytes make the certificate reader fail otherwise than by refusing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        readCertificate(Buffer.from(bytes));
      } catch (error) {
        expect(error).toMatchObject({ code: 'certificate-malformed' });
      }
    }),
    { numRuns: 2_000 },
  );
});
