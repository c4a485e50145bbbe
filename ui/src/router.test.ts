import { expect, test } from 'vitest';
import { routeOf } from './router.ts';

test('every view has its URL, with or without a slash at the end', () => {
  expect(['/', '/coverage', '/coverage/', '/map', '/incidents', '/login'].map((path) => routeOf(path).view)).toEqual([
    'coverage',
    'coverage',
    'coverage',
    'map',
    'incidents',
    'login',
  ]);
  expect(routeOf('/incidents/INC-42')).toEqual({ view: 'incident', id: 'INC-42' });
});

test('an id that is none never becomes part of a request', () => {
  for (const path of ['/incidents/INC-', '/incidents/../v1', '/incidents/INC-1%2f..', '/incidents/INC-1/x', '/x'])
    expect(routeOf(path).view, path).toBe('unknown');
});
