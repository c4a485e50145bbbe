/** Who may do what: the one table of roles, and the bundles of permissions that tokens are given. Pure. */
import type { z } from 'zod';
import { type Scope, scopes } from '../api/common.js';

export type ScopeName = z.infer<typeof Scope>;

/** Closed list: every route names one of these. */
export const permissionTexts = {
  'self.read': 'see who one is; sign out',
  'session.own': 'list and end one’s own sessions, change one’s own password and second factor',
  'token.own': 'make, list and revoke tokens of one’s own',
  'status.read': 'see hosts, coverage, services, workloads and the map; listen to changes',
  'contract.read': 'read contracts and what was learned',
  'incident.read': 'read incidents and their actions',
  'observation.read': 'read observations',
  'evidence.read': 'read and download evidence',
  'audit.read': 'read and verify the audit trail',
  'metrics.read': 'read the metrics of the control plane',
  'service.register': 'make a service known',
  'contract.propose': 'propose a contract version',
  'incident.decide': 'mark incidents triaged or closed; pin evidence',
  'respond.plan': 'plan containment',
  'respond.apply': 'carry containment out and undo it',
  'glass.break': 'break the glass: for a while deviations are noted instead of refused; close it again',
  'contract.approve': 'approve and reject contract versions, change modes',
  'bound.change': 'make bases known, and put bounds in force that no contract passes, or take them away',
  'service.place': 'say on which hosts a service may run',
  'service.label': 'change the labels of a service, by which roles are limited',
  'host.admit': 'bring hosts in and withdraw them',
  'key.rotate': 'change the keys of the control plane, the root of the authority among them',
  'people.manage': 'invite people, change roles, manage everybody’s sessions and tokens',
} as const;
export type Permission = keyof typeof permissionTexts;
export const permissions = Object.keys(permissionTexts) as readonly Permission[]; // the keys as written above

/** `service`: counts also in a role that is limited to services with certain labels. `own`: concerns nobody else. */
export const reachOfPermission = {
  'self.read': 'own',
  'session.own': 'own',
  'token.own': 'own',
  'status.read': 'service',
  'contract.read': 'service',
  'incident.read': 'service',
  'observation.read': 'service',
  'evidence.read': 'service',
  'audit.read': 'installation',
  'metrics.read': 'installation',
  'service.register': 'service',
  'contract.propose': 'service',
  'incident.decide': 'service',
  'respond.plan': 'service',
  'respond.apply': 'service',
  'glass.break': 'service',
  'contract.approve': 'service',
  'bound.change': 'installation',
  'service.place': 'service',
  'service.label': 'installation',
  'host.admit': 'installation',
  'key.rotate': 'installation',
  'people.manage': 'installation',
} as const satisfies Readonly<Record<Permission, 'own' | 'service' | 'installation'>>;

const own = ['session.own', 'token.own'] as const;
const read = ['self.read', 'status.read', 'contract.read', 'incident.read'] as const;
const look = [...own, ...read] as const;
const respond = ['incident.decide', 'respond.plan', 'respond.apply'] as const;

/** Least first. A role that does not stand here may do nothing. */
export const roles = {
  viewer: look,
  developer: [...look, 'observation.read', 'service.register', 'contract.propose'],
  operator: [
    ...look,
    'observation.read',
    'evidence.read',
    'metrics.read',
    'service.register',
    'glass.break',
    ...respond,
  ],
  approver: [...look, 'observation.read', 'contract.approve', 'service.place'],
  security: [
    ...look,
    'observation.read',
    'evidence.read',
    'audit.read',
    'metrics.read',
    ...respond,
    'glass.break',
    'contract.propose',
    'contract.approve',
    'bound.change',
  ],
  auditor: [...look, 'observation.read', 'evidence.read', 'audit.read', 'metrics.read'],
  administrator: permissions,
} as const satisfies Readonly<Record<string, readonly Permission[]>>;
export type RoleName = keyof typeof roles;
export const roleNames = Object.keys(roles) as [RoleName, ...RoleName[]]; // the keys as written above

export const defaultRole: RoleName = 'viewer';

/** The role of accounts that are programs: no sessions; their tokens have what they were given. */
export const programRole = 'program';

/** The role of people who have nothing but limited ones. */
export const limitedRole = 'limited';

/** What each scope adds to the ones before it. */
const steps: Readonly<Record<ScopeName, readonly Permission[]>> = {
  read: [...read, 'observation.read', 'evidence.read', 'audit.read', 'metrics.read'],
  operate: ['service.register', 'contract.propose', ...respond],
  approve: ['contract.approve', 'service.place', 'glass.break'],
  // A token that could make tokens would never really expire.
  admin: [...own, 'bound.change', 'service.label', 'host.admit', 'key.rotate', 'people.manage'],
};

/** What a person of this role may do. */
export function ofRole(role: string): ReadonlySet<Permission> {
  if (role === limitedRole) return new Set(['self.read', ...own]);
  return new Set(isRole(role) ? roles[role] : []);
}

/** What a token may do: what its scopes say, and never more than the role its account has now. */
export function ofToken(held: readonly string[], role: string): ReadonlySet<Permission> {
  const highest = Math.max(-1, ...scopes.map((scope, index) => (held.includes(scope) ? index : -1)));
  const bundle = scopes.slice(0, highest + 1).flatMap((scope) => steps[scope]);
  if (role === programRole) return new Set(bundle);
  const ceiling = ofRole(role);
  return new Set(bundle.filter((permission) => ceiling.has(permission)));
}

/** The scopes that somebody holds in full. */
export function scopesOf(held: ReadonlySet<Permission>): ScopeName[] {
  const missing = scopes.findIndex((scope) => steps[scope].some((permission) => !held.has(permission)));
  return scopes.slice(0, missing < 0 ? scopes.length : missing);
}

export function isRole(role: string): role is RoleName {
  return Object.hasOwn(roles, role);
}
