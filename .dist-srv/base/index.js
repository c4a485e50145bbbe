export { accountNamed } from './accounts.js';
export { manualClock, skewed, systemClock } from './clock.js';
export { ConfigError, nearest, readConfig } from './config-file.js';
export { environment, environmentEntries, inheritedEnvironment, minimalEnvironment } from './environment.js';
export { codeOf, messageOf, printable, TricordonError } from './errors.js';
export { exec, spawnProcess, which } from './exec.js';
export { logger, silent } from './log.js';
export { cgroupOf, commandLineOf, executableOf, isRunning, processFacts, } from './process-facts.js';
export { cgroup2Mount, kernelTracer, postgresFolders, probe, probes, } from './preflight.js';
