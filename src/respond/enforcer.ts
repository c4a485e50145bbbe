/** What carries containment out on a host; `src/agent` has one for root, one for an ordinary user. */

/** How a step went. `unavailable`: this host cannot do it at all, and `detail` says why and what would change that. */
export interface StepResult {
  readonly status: 'done' | 'failed' | 'unavailable';
  readonly detail: string;
}

/** Every step is idempotent: asked twice, it is done once and answers the same. None of them throws. */
export interface Enforcer {
  pause(workload: string): Promise<StepResult>;
  resume(workload: string): Promise<StepResult>;
  isolate(workload: string): Promise<StepResult>;
  rejoin(workload: string): Promise<StepResult>;
  kill(workload: string): Promise<StepResult>;
  /** Ends the workload and starts it again from the code or image whose digest was approved. */
  restart(workload: string): Promise<StepResult>;
  /** Gathers the evidence bundle. */
  collect(workload: string): Promise<StepResult>;
}

/** Carried out by the control plane: they concern a service everywhere, not one process. */
export interface PolicyEnforcer {
  /** The identity is refused from now on by every data plane, and not issued again. */
  revoke(service: string): Promise<StepResult>;
  restore(service: string): Promise<StepResult>;
  /** Every layer that the host can hold is set to `enforce`. */
  enforce(service: string): Promise<StepResult>;
}
