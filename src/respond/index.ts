export type { ServiceAction, WorkloadAction } from './actions/action.js';
export { actionOf, actions } from './actions/index.js';
export { type ApplyBy, applyAction } from './apply.js';
export type { Enforcer, PolicyEnforcer, StepResult } from './enforcer.js';
export { type RespondCode, RespondError } from './errors.js';
export {
  type BundleInput,
  collectBundle,
  type EvidenceSource,
  isBundleName,
  manifestText,
  signManifest,
} from './forensics/bundle.js';
export { type BundleKey, type BundleProblem, type BundleVerdict, verifyBundle } from './forensics/verify.js';
export { type PlanInput, planResponse, suspectedServices, undoOf } from './plan.js';
