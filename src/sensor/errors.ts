import { TricordonError } from '../base/index.js';

/**
 * - `sensor-selection`: a value that would become part of the kernel script is not of the permitted shape.
 * - `sensor-start`: a tracer did not come up.
 * - `sensor-registration`: a target contradicts one that is registered.
 */
export type SensorErrorCode = 'sensor-selection' | 'sensor-start' | 'sensor-registration';

export class SensorError extends TricordonError<SensorErrorCode> {
  override readonly name = 'SensorError';
}
