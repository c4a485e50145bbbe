import type { ServiceAction } from './action.js';

/** Every data plane refuses the service's identity and closes what it has open with it; no new one is issued. */
export const revoke: ServiceAction = {
  kind: 'revoke',
  scope: 'service',
  undo: 'revoke',
  run: (service, { policy }) => policy.revoke(service),
  revert: (service, { policy }) => policy.restore(service),
};
