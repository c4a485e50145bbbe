import { expect, test } from 'vitest';
import { isOfType, parseTemplate } from './path-template.js';

test('a template that no canonical path can equal is refused with the reason', () => {
  for (const [template, reason] of [
    ['a', 'start with'],
    ['/a/**/b', 'before its last'],
    ['/a//b', 'empty segment'],
    ['/a/../b', 'dot segment'],
    ['/a b', 'canonical'],
    ['/%61', 'canonical'],
    ['/%2f', 'canonical'],
    ['/a;b=1', 'canonical'],
    ['/api*', 'write `{name}`'],
    ['/{x:number}', 'unknown type'],
    ['/{x}/{x}', 'twice'],
    ['/{x', 'broken parameter'],
  ] as const) {
    expect(parseTemplate(template), template).toContain(reason);
  }
  for (const template of ['/', '/a', '/a/', '/a%20b', '/{x}/b', '/**', '/a/{x:uuid}/**', '/%C3%A9']) {
    expect(typeof parseTemplate(template), template).toBe('object');
  }
});

test('types are as narrow as their names', () => {
  expect(isOfType('int', '0017')).toBe(true);
  expect(isOfType('int', '-1')).toBe(false);
  expect(isOfType('int', '1e3')).toBe(false);
  expect(isOfType('uuid', '123E4567-e89b-12d3-a456-426614174000')).toBe(true);
  expect(isOfType('uuid', '123e4567e89b12d3a456426614174000')).toBe(false);
  expect(isOfType('hex', 'deadbeef')).toBe(true);
  expect(isOfType('hex', 'dead')).toBe(false);
  expect(isOfType('date', '2024-02-30')).toBe(true);
  expect(isOfType('date', '2024-13-01')).toBe(false);
  expect(isOfType('slug', 'red-shoe_9')).toBe(true);
  expect(isOfType('slug', '-x')).toBe(false);
  expect(isOfType('slug', 'a.b')).toBe(false);
  expect(isOfType('opaque', '')).toBe(false);
});
