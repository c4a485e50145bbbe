/** For which services a caller may do something: asks the labels, and answers for what lies outside as for what is not there. */
import type { Labels } from '../model/index.js';
import type { Repositories } from '../store/index.js';
import type { Actor } from './auth/access.js';
import { holds } from './auth/limits.js';
import type { Permission } from './auth/roles.js';
import { ServerError } from './errors.js';

type Caller = Pick<Actor, 'permissions' | 'within'>;
type Services = { readonly services: Pick<Repositories['services'], 'get' | 'list'> };

export interface Reach {
  /** Undefined: all that there are, and what belongs to none. */
  readonly services: readonly string[] | undefined;
  /** `null`: what belongs to no service. */
  has(service: string | null): boolean;
  some(services: readonly string[]): boolean;
}

export const everything: Reach = { services: undefined, has: () => true, some: () => true };

export async function reachOf({ services }: Services, actor: Caller, permission: Permission): Promise<Reach> {
  if (actor.permissions.has(permission)) return everything;
  const within = (await services.list()).filter(({ labels }) => holds(actor, permission, labels));
  const names = new Set(within.map(({ name }) => name));
  const has = (service: string | null) => service !== null && names.has(service);
  return { services: [...names], has, some: (some) => some.some(has) };
}

/** @throws ServerError `not-found` for what the caller may not know of, `forbidden` for what they may only look at */
export async function requireService(
  { services }: Services,
  actor: Caller,
  permission: Permission,
  service: string,
): Promise<void> {
  if (actor.permissions.has(permission)) return;
  const labels: Labels | undefined = (await services.get(service))?.labels;
  if (labels === undefined || !holds(actor, 'status.read', labels)) throw noService(service);
  requireFor(actor, permission, service, labels);
}

/** For a service whose labels are known already. @throws ServerError `forbidden` */
export function requireFor(actor: Caller, permission: Permission, service: string, labels: Labels): void {
  if (!holds(actor, permission, labels)) throw outside(permission, [service]);
}

/** @throws ServerError `forbidden` when one of them lies outside */
export async function requireAll(
  tx: Services,
  actor: Caller,
  permission: Permission,
  services: readonly string[],
): Promise<void> {
  const reach = await reachOf(tx, actor, permission);
  const beyond = services.filter((service) => !reach.has(service));
  if (beyond.length > 0) throw outside(permission, beyond);
}

export function noService(service: string): ServerError {
  return new ServerError('not-found', `there is no service \`${service}\``, {
    hint: 'list them with `tricordon contract show`',
  });
}

function outside(permission: Permission, services: readonly string[]): ServerError {
  return new ServerError('forbidden', `this needs the permission \`${permission}\` for ${services.join(', ')}`, {
    hint: 'ask an administrator for a role or a token that has it there',
  });
}
