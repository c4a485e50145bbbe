export { launchOf } from './confine/index.js';
export { AgentError } from './errors.js';
export { AgentStatus, Order, OrderResult, StartedAnswer, WorkloadPlan, WorkloadRequest, } from './local-protocol.js';
export { AgentSettings } from './settings.js';
export { ensureAccounts, ensureDemoAccount, leftovers, placeProgram, removeAccounts } from './installation.js';
