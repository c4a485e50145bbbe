export { type Account, ensureAccount, findAccount, removeAccount } from './accounts.js';
export { type HelperClient, helperClient } from './client.js';
export { type HelperCode, HelperError } from './errors.js';
export type { HelperSettings } from './main.js';
export type { Answer, Ask, PlaneProcesses, ProcessDescription, ProcessRef, Request, Verb } from './protocol.js';
export { type Program, secureProgram, weakness } from './program-tree.js';
