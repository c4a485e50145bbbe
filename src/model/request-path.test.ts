import { expect, test } from 'vitest';
import { canonicalPath } from './request-path.js';

test('one path has one form: unreserved escapes are decoded, others kept in upper case, the query is left alone', () => {
  for (const [target, path, query] of [
    ['/', '/', ''],
    ['/a/b?x=/../', '/a/b', 'x=/../'],
    ['/%41%2d%7e', '/A-~', ''],
    ['/caf%c3%a9', '/caf%C3%A9', ''],
    ['/a%20b%3f', '/a%20b%3F', ''],
    ['/a/', '/a/', ''],
    ['/a??', '/a', '?'],
  ])
    expect(canonicalPath(target ?? '')).toEqual({ kind: 'ok', path, query });
});

test('the canonical form of a canonical form is itself', () => {
  for (const target of ['/a%20b', '/caf%C3%A9/x', '/A-~']) {
    const once = canonicalPath(target);
    expect(once.kind === 'ok' ? canonicalPath(once.path) : once).toEqual(once);
  }
});

test('whatever two servers could read differently is refused, with the reason', () => {
  for (const [target, reason] of [
    ['', 'not origin form'],
    ['a', 'not origin form'],
    ['*', 'not origin form'],
    ['http://a/', 'not origin form'],
    ['//a', 'empty segment'],
    ['/a//b', 'empty segment'],
    ['/a/../b', 'dot segment'],
    ['/.', 'dot segment'],
    ['/%2e%2e/b', 'dot segment'],
    ['/.%2E/b', 'dot segment'],
    ['/a;b', 'path parameter'],
    ['/a%3bb', 'encoded separator'],
    ['/a%2fb', 'encoded separator'],
    ['/a%5Cb', 'encoded separator'],
    ['/a%252fb', 'encoded separator'],
    ['/a\\b', 'character not allowed in a path'],
    ['/a b', 'character not allowed in a path'],
    ['/a#b', 'character not allowed in a path'],
    ['/caf\u00e9', 'character not allowed in a path'],
    ['/a?\u00e9', 'character not allowed in a query'],
    ['/a?b c', 'character not allowed in a query'],
    ['/a%00', 'encoded control character'],
    ['/a%7f', 'encoded control character'],
    ['/a%', 'broken percent-encoding'],
    ['/a%4', 'broken percent-encoding'],
    ['/a%zz', 'broken percent-encoding'],
    ['/%c0%af', 'invalid UTF-8'],
    ['/%c3', 'invalid UTF-8'],
    ['/%c3x', 'invalid UTF-8'],
    ['/%ed%a0%80', 'invalid UTF-8'],
    [`/${'a'.repeat(8_192)}`, 'longer than 8192 bytes'],
  ])
    expect([target, canonicalPath(target ?? '')]).toEqual([target, { kind: 'refused', reason }]);
});
