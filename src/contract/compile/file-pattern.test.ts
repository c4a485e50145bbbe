import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileMatcher, plainPath } from './file-pattern.js';

test('a star stands inside one segment, two stars for any number of them', () => {
  expect(fileMatcher('/a/*/c')('/a/b/c')).toBe(true);
  expect(fileMatcher('/a/*/c')('/a/b/b/c')).toBe(false);
  expect(fileMatcher('/a/*')('/a/')).toBe(false);
  expect(fileMatcher('/a/**/c')('/a/c')).toBe(true);
  expect(fileMatcher('/a/**/c')('/a/x/y/c')).toBe(true);
  expect(fileMatcher('/a/**')('/a')).toBe(true);
  expect(fileMatcher('/a/**')('/ab')).toBe(false);
  expect(fileMatcher('/lib/lib*.so.*')('/lib/libc.so.6')).toBe(true);
});

test('agrees with a regular expression on random patterns', () => {
  const part = fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 4 }).map((chars) => chars.join(''));
  const pattern = fc
    .array(fc.oneof(part, fc.constant('**')), { minLength: 1, maxLength: 4 })
    .map((parts) => `/${parts.map((text) => (text === '**' ? text : text.replace(/\*+/g, '*'))).join('/')}`);
  const path = fc
    .array(fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 })
    .map((parts) => `/${parts.map((chars) => chars.join('')).join('/')}`);
  fc.assert(
    fc.property(pattern, path, (wanted, given) => {
      const source = wanted
        .slice(1)
        .split('/')
        .map((text) => {
          if (text === '**') return '(/[^/]+)*';
          if (text === '*') return '/[^/]+';
          return `/${text.replace(/\*/g, '[^/]*')}`;
        })
        .join('');
      expect(fileMatcher(wanted)(given)).toBe(new RegExp(`^${source}$`).test(given));
    }),
    { numRuns: 1_000 },
  );
});

test('a pattern made to blow up does not', () => {
  const matches = fileMatcher(`/${'a*'.repeat(200)}b`);
  expect(matches(`/${'a'.repeat(3_000)}`)).toBe(false);
});

test('dot segments are resolved as written, relative paths are not guessed', () => {
  expect(plainPath('/app/../etc/./shadow')).toBe('/etc/shadow');
  expect(plainPath('/../..//x/')).toBe('/x');
  expect(plainPath('/')).toBe('/');
  expect(plainPath('x')).toBeUndefined();
});
