import type { ActionKind } from '../../model/index.js';
import type { Enforcer, PolicyEnforcer, StepResult } from '../enforcer.js';

/** The shape of an action on one workload: carried out by the agent of its host. */
export interface WorkloadAction {
  readonly kind: ActionKind;
  readonly scope: 'workload';
  /** What takes it back; null when nothing does. */
  readonly undo: ActionKind | null;
  run(workload: string, by: { readonly host: Enforcer }): Promise<StepResult>;
}

/** The shape of an action on a service: carried out by the control plane. */
export interface ServiceAction {
  readonly kind: ActionKind;
  readonly scope: 'service';
  readonly undo: ActionKind | null;
  run(service: string, by: { readonly policy: PolicyEnforcer }): Promise<StepResult>;
  /** Takes it back where no action of its own does. */
  revert?(service: string, by: { readonly policy: PolicyEnforcer }): Promise<StepResult>;
}
