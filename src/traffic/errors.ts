import { TricordonError } from '../base/index.js';

export type TrafficErrorCode =
  | 'listen-failed'
  | 'identity-broken'
  | 'message-refused'
  | 'reconfigure-refused'
  | 'control-path';

/** The data plane could not do what its agent asked; nothing is passed because of it. */
export class TrafficError extends TricordonError<TrafficErrorCode> {
  override readonly name = 'TrafficError';
}
