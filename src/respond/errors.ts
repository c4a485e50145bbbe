import { TricordonError } from '../base/index.js';

/**
 * - `action-unknown`: no action of that kind exists.
 * - `not-undoable`: what was done cannot be taken back.
 * - `bundle-exists`: evidence is never overwritten.
 * - `bundle-path`: a name in a bundle would leave its folder.
 */
export type RespondCode = 'action-unknown' | 'not-undoable' | 'bundle-exists' | 'bundle-path';

export class RespondError extends TricordonError<RespondCode> {
  override readonly name = 'RespondError';
}
