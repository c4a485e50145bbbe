import { TricordonError } from '../base/index.js';
/** The data plane could not do what its agent asked; nothing is passed because of it. */
export class TrafficError extends TricordonError {
    name = 'TrafficError';
}
