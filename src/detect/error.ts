import { TricordonError } from '../base/index.js';

/**
 * Every way a recording can fail to be one.
 * - `recording-header`: the first line is missing or no recording header.
 * - `recording-row`: a line is no observation; the message says which.
 * - `recording-too-large`: a line or the whole is over its limit.
 */
export type DetectErrorCode = 'recording-header' | 'recording-row' | 'recording-too-large';

export class DetectError extends TricordonError<DetectErrorCode> {
  override readonly name = 'DetectError';
}
