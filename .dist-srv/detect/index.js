export { correlator } from './correlate/correlator.js';
export { detector } from './detector.js';
export { DetectError } from './error.js';
export { observationJsonSchema } from './observation-schema.js';
export { readRecording, writeRecording } from './recording.js';
export { replay } from './replay.js';
export { detectionRules } from './rules/index.js';
