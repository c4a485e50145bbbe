import { expect, test } from 'vitest';
import { ofRole, ofToken, permissions, programRole, roleNames, roles, scopesOf } from './roles.js';

test('only the administrator may manage people and hosts, and every permission is somebody’s', () => {
  for (const role of roleNames.filter((name) => name !== 'administrator')) {
    expect([role, ofRole(role).has('people.manage'), ofRole(role).has('host.admit')]).toEqual([role, false, false]);
  }
  expect([...ofRole('administrator')].sort()).toEqual([...permissions].sort());
});

test('the least role looks and changes nothing but its own', () => {
  expect(roles.viewer.filter((permission) => !/\.(read|own)$/.test(permission))).toEqual([]);
  for (const role of roleNames) for (const least of roles.viewer) expect(ofRole(role).has(least)).toBe(true);
});

test('who is given a name that is no role may do nothing', () => {
  for (const role of ['none', programRole, 'Administrator', '__proto__', 'constructor', 'toString', ''])
    expect([role, ofRole(role).size]).toEqual([role, 0]);
});

test('scopes are a ladder, and a token never has more than its account’s role', () => {
  expect(scopesOf(ofToken(['approve'], programRole))).toEqual(['read', 'operate', 'approve']);
  expect([...ofToken(['admin'], programRole)].sort()).toEqual([...permissions].sort());
  expect(ofToken([], programRole).size).toBe(0);
  expect(ofToken(['root', 'read '], programRole).size).toBe(0);
  expect([...ofToken(['admin'], 'viewer')].sort()).toEqual([...roles.viewer].sort());
  for (const beyond of ['contract.approve', 'token.own'] as const)
    expect(ofToken(['read'], 'administrator').has(beyond)).toBe(false);
  expect(ofToken(['admin'], 'none').size).toBe(0);
});
