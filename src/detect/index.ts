export { type Correlator, type CorrelatorOptions, correlator } from './correlate/correlator.js';
export { type FoldedStep, foldSignals } from './correlate/fold.js';
export { type DetectionContext, type Detector, detector } from './detector.js';
export { DetectError, type DetectErrorCode } from './error.js';
export { observationJsonSchema } from './observation-schema.js';
export { type Recording, readRecording, writeRecording } from './recording.js';
export { type Replayed, replay } from './replay.js';
export { detectionRules } from './rules/index.js';
export type { Rule } from './rules/rule.js';
