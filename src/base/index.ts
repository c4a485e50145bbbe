export { type Clock, manualClock, skewed, systemClock } from './clock.js';
export { environment, inheritedEnvironment, minimalEnvironment } from './environment.js';
export { codeOf, type ErrorDetail, messageOf, printable, TricordonError } from './errors.js';
export { type Exec, type ExecOptions, type ExecResult, exec, spawnProcess, which } from './exec.js';
export { type Logger, logger, silent } from './log.js';
export {
  cgroupOf,
  commandLineOf,
  executableOf,
  isRunning,
  type ProcessFacts,
  processFacts,
} from './process-facts.js';
