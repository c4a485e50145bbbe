export { type Answer, type Attribution, Registry } from './attribution.js';
export { bpfUsable, directBpf } from './bpf/source.js';
export { directBpftrace } from './bpftrace/direct-source.js';
export { bpftraceUsable, cgroup2Mount, kernelFeatures, tracefs } from './bpftrace/features.js';
export { newParseState, parseBpftraceLine } from './bpftrace/parse.js';
export { bpftraceArguments, bpftraceEnvironment, bpftraceScript, type KernelFeatures } from './bpftrace/script.js';
export { kernelCollector, type RunningKernel } from './collectors/kernel.js';
export type { Collector, CollectorName, RawSink, RunningCollector, Targets, Usable } from './collectors/collector.js';
export { procCollector } from './collectors/proc.js';
export { straceCollector } from './collectors/strace.js';
export { type CollectorState, runtimeCoverage, type Sight, type WatchedTarget } from './coverage.js';
export { SensorError, type SensorErrorCode } from './errors.js';
export { descendants, type Look, ownLook } from './proc-look.js';
export { Glimpse, glimpse } from './glimpse.js';
export {
  type KernelTracer,
  kernelTracers,
  type LineHandlers,
  type LineSource,
  type RunningLines,
  type Selection,
} from './line-source.js';
export { LineSplitter } from './line-splitter.js';
export { Pipeline, type PipelineOptions } from './pipeline.js';
export { type SensorProbe, sensorProbes } from './probes.js';
export type { RawAct, RawEvent, RawNote, RawProcess, RawTime } from './raw-event.js';
export { type Sensor, type SensorOptions, startSensor } from './sensor.js';
export { newStraceState, parseStraceLine } from './strace/parse.js';
export { type StraceOptions, straceArguments } from './strace/command.js';
export type { Target } from './target.js';
