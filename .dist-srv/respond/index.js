export { actionOf, actions } from './actions/index.js';
export { applyAction } from './apply.js';
export { RespondError } from './errors.js';
export { collectBundle, isBundleName, manifestText, signManifest, } from './forensics/bundle.js';
export { verifyBundle } from './forensics/verify.js';
export { planResponse, suspectedServices, undoOf } from './plan.js';
