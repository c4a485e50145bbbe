import { expect, it } from 'vitest';
import { routeOf } from './router.ts';

it('finds each view by its path', () => {
  expect(routeOf('/')).toEqual({ view: 'coverage' });
  expect(routeOf('/coverage/')).toEqual({ view: 'coverage' });
  expect(routeOf('/map')).toEqual({ view: 'map' });
  expect(routeOf('/incidents')).toEqual({ view: 'incidents' });
  expect(routeOf('/incidents/INC-42')).toEqual({ view: 'incident', id: 'INC-42' });
  expect(routeOf('/contracts')).toEqual({ view: 'contracts' });
  expect(routeOf('/contracts/catalog')).toEqual({ view: 'contract', service: 'catalog' });
  expect(routeOf('/audit/')).toEqual({ view: 'audit' });
  expect(routeOf('/people')).toEqual({ view: 'people' });
  expect(routeOf('/you')).toEqual({ view: 'you' });
  expect(routeOf('/login')).toEqual({ view: 'login' });
});

it('takes nothing else for an incident', () => {
  for (const path of [
    '/incidents/42',
    '/incidents/INC-',
    '/incidents/INC-1/../x',
    '/incidents/INC-%31',
    `/incidents/INC-${'9'.repeat(16)}`,
  ])
    expect(routeOf(path).view).toBe('unknown');
});

it('takes nothing for a service that cannot be the name of one', () => {
  for (const path of [
    '/contracts/-a',
    '/contracts/A',
    '/contracts/a/b',
    '/contracts/a%2fb',
    `/contracts/${'a'.repeat(64)}`,
  ])
    expect(routeOf(path).view).toBe('unknown');
});
