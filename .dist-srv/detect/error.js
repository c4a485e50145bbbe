import { TricordonError } from '../base/index.js';
export class DetectError extends TricordonError {
    name = 'DetectError';
}
