export { ensureAccount, findAccount, removeAccount } from './accounts.js';
export { helperClient } from './client.js';
export { HelperError } from './errors.js';
export { secureProgram, weakness } from './program-tree.js';
