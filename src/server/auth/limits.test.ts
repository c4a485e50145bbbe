import { describe, expect, it } from 'vitest';
import { type Labels, matches } from '../../model/index.js';
import { heldByPerson, heldByToken, holds, holdsSomewhere } from './limits.js';
import {
  limitedRole,
  ofRole,
  type Permission,
  permissions,
  programRole,
  reachOfPermission,
  roleNames,
} from './roles.js';

const shop = { team: 'shop' };
const bank = { team: 'bank' };
const all = ['read', 'operate', 'approve', 'admin'];

describe('a limited role', () => {
  const ana = heldByPerson({ role: 'viewer', grants: [{ role: 'approver', where: shop }] });

  it('counts for services with the labels, and the other role everywhere', () => {
    expect(holds(ana, 'contract.approve', { ...shop, environment: 'test' })).toBe(true);
    expect(holds(ana, 'contract.approve', bank)).toBe(false);
    expect(holds(ana, 'contract.approve', {})).toBe(false);
    expect(holds(ana, 'contract.read', bank)).toBe(true);
    expect(holdsSomewhere(ana, 'contract.approve')).toBe(true);
  });

  it('never gives what concerns the whole installation', () => {
    const ben = heldByPerson({ role: limitedRole, grants: [{ role: 'administrator', where: shop }] });
    for (const permission of permissions.filter((one) => reachOfPermission[one] === 'installation'))
      expect([permission, holdsSomewhere(ben, permission)]).toEqual([permission, false]);
    expect(holds(ben, 'contract.approve', shop)).toBe(true);
    expect([...ben.permissions].sort()).toEqual(['self.read', 'session.own', 'token.own']);
  });

  it('that is no role, or a program’s, gives nothing', () => {
    for (const role of ['none', programRole, limitedRole, '__proto__', 'Administrator']) {
      const grants = [{ role, where: shop }];
      for (const held of [
        heldByPerson({ role: 'none', grants }),
        heldByToken({ role: 'none', grants, scopes: all, where: {} }),
      ])
        for (const permission of permissions)
          expect([role, permission, holds(held, permission, shop)]).toEqual([role, permission, false]);
    }
  });
});

describe('a token with labels', () => {
  it('of a program counts for those services alone', () => {
    const token = heldByToken({ role: programRole, grants: [], scopes: ['operate'], where: shop });
    expect(holds(token, 'service.register', shop)).toBe(true);
    expect(holds(token, 'service.register', bank)).toBe(false);
    expect(holds(token, 'contract.approve', shop)).toBe(false);
    expect(holdsSomewhere(token, 'audit.read')).toBe(false);
  });

  it('makes no other token', () => {
    const token = heldByToken({ role: 'administrator', grants: [], scopes: all, where: shop });
    expect([...token.permissions]).toEqual(['self.read']);
    expect(holdsSomewhere(token, 'token.own')).toBe(false);
  });

  it('takes from a limited role what lies outside of both', () => {
    const grants = [{ role: 'operator', where: { team: 'shop' } }];
    const token = heldByToken({ role: limitedRole, grants, scopes: all, where: { environment: 'test' } });
    expect(holds(token, 'respond.apply', { team: 'shop', environment: 'test' })).toBe(true);
    expect(holds(token, 'respond.apply', { team: 'shop' })).toBe(false);
    expect(holds(token, 'respond.apply', { environment: 'test' })).toBe(false);
    const other = heldByToken({ role: limitedRole, grants, scopes: all, where: bank });
    expect(holdsSomewhere(other, 'respond.apply')).toBe(false);
  });
});

/** A small generator of our own: the same run every time, so that what fails fails again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

it('INVARIANT: whatever the grants and labels, a token has no more than its account, and an account what one of its roles gives', () => {
  for (let seed = 1; seed <= 3_000; seed += 1) {
    const roll = dice(seed);
    const labels = (most: number): Labels =>
      Object.fromEntries(
        Array.from({ length: roll(most + 1) }, () => [['team', 'environment', 'tier'][roll(3)], ['a', 'b'][roll(2)]]),
      );
    const pick = <T>(from: readonly T[]): T => from[roll(from.length)] as T; // never empty
    const role = pick([...roleNames, limitedRole, 'none']);
    const grants = Array.from({ length: roll(4) }, () => ({ role: pick(roleNames), where: labels(2) }));
    const service = labels(3);
    const where = labels(2);
    const scopes = all.filter(() => roll(2) === 0);
    const person = heldByPerson({ role, grants });
    const token = heldByToken({ role, grants, scopes, where });
    const unlimited = heldByToken({ role, grants, scopes, where: {} });
    const expected = (permission: Permission) =>
      ofRole(role).has(permission) ||
      (reachOfPermission[permission] === 'service' &&
        grants.some((grant) => ofRole(grant.role).has(permission) && matches(grant.where, service)));
    for (const permission of permissions) {
      const may = holds(person, permission, service);
      expect([seed, permission, may]).toEqual([seed, permission, expected(permission)]);
      const asToken = holds(token, permission, service);
      if (asToken && (!may || !holds(unlimited, permission, service)))
        throw new Error(`more than its account: ${seed} ${permission}`);
      if (asToken && permission !== 'self.read' && !matches(where, service))
        throw new Error(`beyond its labels: ${seed} ${permission}`);
      if (may && !holdsSomewhere(person, permission)) throw new Error(`not even somewhere: ${seed} ${permission}`);
    }
  }
});
