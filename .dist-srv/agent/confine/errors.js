import { TricordonError } from '../../base/index.js';
export class ConfineError extends TricordonError {
    name = 'ConfineError';
}
