/** May this caller do this? Pure; the routes' needs stand in `routes/access.ts`, the roles in `roles.ts`. */
import { ServerError } from '../errors.js';
import { type Held, holdsSomewhere } from './limits.js';
import { type Permission, programRole } from './roles.js';
import { sameSecret } from './same-secret.js';

export interface Actor extends Held {
  readonly account: string;
  readonly kind: 'session' | 'token';
  /** Id of the session or token: for the audit trail, never the secret. */
  readonly id: string;
  readonly role: string;
  /** What a session must send with every change. */
  readonly csrf: string | null;
  readonly expiresAt: number | null;
}

/**
 * `limited`: the route asks further for each service that it touches or tells of.
 * @throws ServerError `forbidden` or `csrf`
 */
export function authorise(
  actor: Pick<Actor, 'kind' | 'permissions' | 'within' | 'csrf'>,
  needed: Permission,
  request: { method: string; csrf: string | undefined; limited: boolean },
): void {
  if (!request.limited || !holdsSomewhere(actor, needed)) requirePermission(actor, needed);
  if (actor.kind !== 'session' || request.method === 'GET' || request.method === 'HEAD') return;
  // SameSite=Strict keeps other sites out; the header keeps out whatever can send a form but not read an answer.
  if (actor.csrf === null || request.csrf === undefined || !sameSecret(actor.csrf, request.csrf)) {
    throw new ServerError('csrf', 'the header `x-csrf-token` is missing or wrong', { hint: 'load the page anew' });
  }
}

/**
 * Two people for one contract, where that is set. What belongs to an incident's containment is not asked this.
 * @throws ServerError `four-eyes`
 */
export function requireSecondPerson(actor: Pick<Actor, 'account' | 'role'>, proposedBy: string, version: number): void {
  const why =
    actor.role === programRole
      ? 'a program cannot approve a contract here'
      : actor.account === proposedBy
        ? `\`${proposedBy}\` proposed version ${version}, and cannot approve it too`
        : undefined;
  if (why === undefined) return;
  throw new ServerError('four-eyes', why, {
    hint: `another person with the permission contract.approve does: tricordon contract approve SERVICE --version ${version}`,
  });
}

/** Everywhere. @throws ServerError `forbidden` */
export function requirePermission(actor: Pick<Actor, 'permissions' | 'within'>, needed: Permission): void {
  if (actor.permissions.has(needed)) return;
  const where = holdsSomewhere(actor, needed) ? ' for the whole installation' : '';
  throw new ServerError('forbidden', `this needs the permission \`${needed}\`${where}`, {
    hint: 'ask an administrator for a role or a token that has it',
  });
}
