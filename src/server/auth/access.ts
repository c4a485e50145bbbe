/** May this caller do this? Pure; the routes' needs stand in `routes/access.ts`. */
import type { z } from 'zod';
import { type Scope, scopes } from '../api/common.js';
import { ServerError } from '../errors.js';
import { sameSecret } from './same-secret.js';

export type ScopeName = z.infer<typeof Scope>;

export interface Actor {
  readonly account: string;
  readonly kind: 'session' | 'token';
  /** Id of the session or token: for the audit trail, never the secret. */
  readonly id: string;
  readonly scopes: readonly ScopeName[];
  /** What a session must send with every change. */
  readonly csrf: string | null;
  readonly expiresAt: number | null;
}

/** Scopes are a ladder: whoever may approve may operate and read. */
export function includes(held: readonly ScopeName[], needed: ScopeName): boolean {
  return held.some((scope) => scopes.indexOf(scope) >= scopes.indexOf(needed));
}

/** @throws ServerError `forbidden` or `csrf` */
export function authorise(
  actor: Actor,
  needed: ScopeName,
  request: { method: string; csrf: string | undefined },
): void {
  if (!includes(actor.scopes, needed)) {
    throw new ServerError('forbidden', `this needs the scope \`${needed}\``, {
      hint: 'ask an administrator for a token or a role that has it',
    });
  }
  if (actor.kind !== 'session' || request.method === 'GET' || request.method === 'HEAD') return;
  // SameSite=Strict keeps other sites out; the header keeps out whatever can send a form but not read an answer.
  if (actor.csrf === null || request.csrf === undefined || !sameSecret(actor.csrf, request.csrf)) {
    throw new ServerError('csrf', 'the header `x-csrf-token` is missing or wrong', { hint: 'load the page anew' });
  }
}
