export { type Account, accountNamed } from './accounts.js';
export { announce } from './announce.js';
export { type Clock, manualClock, skewed, steady, systemClock } from './clock.js';
export { ConfigError, type ConfigErrorCode, nearest, type ReadSettings, readConfig } from './config-file.js';
export { type Origin, type SettingKey, settable, variableOf } from './config-layers.js';
export { loggedDiskWatch } from './disk-log.js';
export {
  type DiskLevel,
  type DiskWatch,
  diskLevel,
  diskLevels,
  diskWatch,
  isDiskFull,
  leastRoom,
  type Room,
  roomAt,
} from './disk.js';
export {
  callEngine,
  type EngineAnswer,
  EngineAnswerTooLong,
  type EngineCall,
  engineSocketPath,
  openEngine,
} from './engine-socket.js';
export { environment, environmentEntries, inheritedEnvironment, minimalEnvironment } from './environment.js';
export { codeOf, type ErrorDetail, messageOf, printable, TricordonError } from './errors.js';
export { type Exec, type ExecOptions, type ExecResult, exec, spawnProcess, which } from './exec.js';
export { kibibytes, type ListenerFact, seconds } from './listener-fact.js';
export { type Logger, logger, silent } from './log.js';
export { type LogLimits, type LogState, openLogFile, rotateLogs } from './log-file.js';
export {
  type Distribution,
  type Exposition,
  exposition,
  expositionFor,
  expositionType,
  type Family,
  family,
  type Metric,
  type Sample,
} from './metrics.js';
export { MetricsTextError, type MetricsTextErrorCode, type ReadFamily, readMetricsText } from './metrics-text.js';
export { openPlainFile, type PlainFile } from './plain-file.js';
export {
  cgroupOf,
  commandLineOf,
  executableOf,
  isRunning,
  type ProcessFacts,
  processFacts,
} from './process-facts.js';
export { processMetrics, watchProcess } from './process-metrics.js';
export {
  cgroup2Mount,
  kernelTracer,
  mayWrite,
  type Probe,
  type ProbeResult,
  postgresFolders,
  probe,
  probes,
  landlockVersion,
} from './preflight.js';
export { version } from './version.js';
export { type Durations, durations, type Tally, tally } from './tally.js';
