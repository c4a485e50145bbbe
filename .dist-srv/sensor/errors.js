import { TricordonError } from '../base/index.js';
export class SensorError extends TricordonError {
    name = 'SensorError';
}
