export { keySetLimit, parseKeySet } from './key-set.js';
export { type TokenResult, type TokenVerifier, tokenVerifier, type VerifiedClaims } from './verify-token.js';
