/** What a caller may do, everywhere and for some services only. Pure; the labels come with the question. */
import { type Grant, type Labels, matches } from '../../model/index.js';
import { isRole, ofRole, ofToken, type Permission, permissions, reachOfPermission } from './roles.js';

/** Permissions that count for services with these labels. */
export interface Holding {
  readonly permissions: ReadonlySet<Permission>;
  readonly where: Labels;
}

export interface Held {
  /** What counts everywhere, and what concerns only oneself. */
  readonly permissions: ReadonlySet<Permission>;
  readonly within: readonly Holding[];
}

interface OfAccount {
  readonly role: string;
  readonly grants: readonly Grant[];
}

/** What a person may do who is signed in. */
export function heldByPerson({ role, grants }: OfAccount): Held {
  return {
    permissions: ofRole(role),
    within: grants.map((grant) => ({ permissions: ofServices(ofRole(grant.role)), where: grant.where })),
  };
}

/** INVARIANT: for no service more than its account may; a limit of its own takes away, and never adds. */
export function heldByToken(account: OfAccount & { readonly scopes: readonly string[]; readonly where: Labels }): Held {
  const everywhere = ofToken(account.scopes, account.role);
  const granted = account.grants.flatMap((grant) => {
    const where = both(grant.where, account.where);
    const held = ofServices(ofToken(account.scopes, grant.role));
    return where === undefined || !isRole(grant.role) ? [] : [{ permissions: held, where }];
  });
  if (Object.keys(account.where).length === 0) return { permissions: everywhere, within: granted };
  return {
    // It makes no token that would reach further.
    permissions: only(everywhere, (permission) => permission === 'self.read'),
    within: [{ permissions: ofServices(everywhere), where: account.where }, ...granted],
  };
}

/** May this be done to a service with these labels? */
export function holds({ permissions: everywhere, within }: Held, needed: Permission, labels: Labels): boolean {
  return (
    everywhere.has(needed) ||
    within.some((holding) => holding.permissions.has(needed) && matches(holding.where, labels))
  );
}

/** May it be done to some service, if there is one with the right labels? */
export function holdsSomewhere({ permissions: everywhere, within }: Held, needed: Permission): boolean {
  return everywhere.has(needed) || within.some((holding) => holding.permissions.has(needed));
}

/** Undefined: nothing can have both. */
function both(one: Labels, other: Labels): Labels | undefined {
  const clash = Object.entries(other).some(([key, value]) => Object.hasOwn(one, key) && one[key] !== value);
  return clash ? undefined : { ...one, ...other };
}

function ofServices(held: ReadonlySet<Permission>): ReadonlySet<Permission> {
  return only(held, (permission) => reachOfPermission[permission] === 'service');
}

function only(held: ReadonlySet<Permission>, wanted: (permission: Permission) => boolean): ReadonlySet<Permission> {
  return new Set(permissions.filter((permission) => held.has(permission) && wanted(permission)));
}
