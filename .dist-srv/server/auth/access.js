import { scopes } from '../api/common.js';
import { ServerError } from '../errors.js';
import { sameSecret } from './same-secret.js';
/** Scopes are a ladder: whoever may approve may operate and read. */
export function includes(held, needed) {
    return held.some((scope) => scopes.indexOf(scope) >= scopes.indexOf(needed));
}
/** @throws ServerError `forbidden` or `csrf` */
export function authorise(actor, needed, request) {
    if (!includes(actor.scopes, needed)) {
        throw new ServerError('forbidden', `this needs the scope \`${needed}\``, {
            hint: 'ask an administrator for a token or a role that has it',
        });
    }
    if (actor.kind !== 'session' || request.method === 'GET' || request.method === 'HEAD')
        return;
    // SameSite=Strict keeps other sites out; the header keeps out whatever can send a form but not read an answer.
    if (actor.csrf === null || request.csrf === undefined || !sameSecret(actor.csrf, request.csrf)) {
        throw new ServerError('csrf', 'the header `x-csrf-token` is missing or wrong', { hint: 'load the page anew' });
    }
}
