import { TricordonError } from '../../base/index.js';

/**
 * - `rung-unusable`: this host cannot give the rung asked for.
 * - `spec-refused`: what was asked for cannot be held (root as the workload's user, an IPv6 peer, a port used twice).
 * - `step-failed`: a tool that builds the confinement failed; nothing of it is left.
 * - `plane-failed`: sidecar or inlet did not start.
 * - `engine-failed`: the Docker Engine does not answer, is too old, or refused what was asked of it.
 * - `container-refused`: a container is not confined as it was to be; it gets no identity.
 */
export type ConfineCode =
  | 'rung-unusable'
  | 'spec-refused'
  | 'step-failed'
  | 'plane-failed'
  | 'engine-failed'
  | 'container-refused';

export class ConfineError extends TricordonError<ConfineCode> {
  override readonly name = 'ConfineError';
}
