import { expect, test } from 'vitest';
import { reachOfPermission } from '../auth/roles.js';
import { access, limitedRoutes } from './access.js';

test('a route that a limited role may call is one, and its permission may be limited', () => {
  for (const route of Object.keys(limitedRoutes)) {
    const needed = access[route];
    expect([route, needed !== undefined && needed !== 'anyone' && reachOfPermission[needed]]).toEqual([
      route,
      'service',
    ]);
  }
});

test('a service in the path is asked about before the route is, and nowhere else', () => {
  for (const [route, needed] of Object.entries(access)) {
    const limitable = needed !== 'anyone' && reachOfPermission[needed] === 'service';
    expect([route, limitedRoutes[route] === 'path']).toEqual([route, limitable && /\/:service(\/|$)/.test(route)]);
  }
});

test('no permission that may be limited is asked for by a route that takes none', () => {
  for (const [route, needed] of Object.entries(access))
    if (needed !== 'anyone' && reachOfPermission[needed] === 'service')
      expect([route, Object.hasOwn(limitedRoutes, route)]).toEqual([route, true]);
});
