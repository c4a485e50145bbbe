import { TricordonError } from '../base/index.js';
export class RespondError extends TricordonError {
    name = 'RespondError';
}
