import { TricordonError } from '../base/index.js';
/** Everything that goes wrong with identities; each code is documented in docs/reference/errors.md. */
export class IdentityError extends TricordonError {
    name = 'IdentityError';
}
