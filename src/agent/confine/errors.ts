import { TricordonError } from '../../base/index.js';

/**
 * - `rung-unusable`: this host cannot give the rung asked for.
 * - `spec-refused`: what was asked for cannot be held (root as the workload's user, an IPv6 peer, a port used twice).
 * - `step-failed`: a tool that builds the confinement failed; nothing of it is left.
 * - `plane-failed`: sidecar or inlet did not start.
 */
export type ConfineCode = 'rung-unusable' | 'spec-refused' | 'step-failed' | 'plane-failed';

export class ConfineError extends TricordonError<ConfineCode> {
  override readonly name = 'ConfineError';
}
