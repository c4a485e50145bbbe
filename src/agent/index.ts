export {
  agree,
  contractDescriptor,
  HeldRules,
  type Launch,
  type LaunchOwner,
  launchOf,
  openDocker,
  runContainer,
} from './confine/index.js';
export { AgentError, type AgentErrorCode } from './errors.js';
export {
  AgentStatus,
  Order,
  OrderResult,
  SpoolRotated,
  StartedAnswer,
  WorkloadPlan,
  WorkloadRequest,
} from './local-protocol.js';
export { AgentSettings } from './settings.js';
export {
  type Accounts,
  ensureAccounts,
  ensureDemoAccount,
  isEnrolled,
  leftovers,
  placeProgram,
  removeAccounts,
} from './installation.js';
