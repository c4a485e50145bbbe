import { TricordonError } from '../base/index.js';

/**
 * - `agent-settings`: the settings file given to the agent is not good.
 * - `control-unreachable`: the control plane did not answer; tried again.
 * - `control-refused`: the control plane said no.
 * - `version-apart`: agent and control plane are more than one version apart; tried again, what is in force stays.
 * - `enrolment-refused`: the one-time token was refused, or the control plane is not the one expected.
 * - `request-refused`: a request on the agent's own socket was not good.
 * - `workload-unknown`: no such workload here.
 * - `attestation-failed`: what runs could not be attested; it gets no identity.
 * - `plane-failed`: a data plane process did not come up.
 */
export type AgentErrorCode =
  | 'agent-settings'
  | 'control-unreachable'
  | 'control-refused'
  | 'version-apart'
  | 'enrolment-refused'
  | 'request-refused'
  | 'workload-unknown'
  | 'attestation-failed'
  | 'plane-failed';

export class AgentError extends TricordonError<AgentErrorCode> {
  override readonly name = 'AgentError';
}
