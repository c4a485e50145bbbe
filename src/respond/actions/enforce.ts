import type { ServiceAction } from './action.js';

/** Deviations from the contract are refused from now on, at every layer that the host can hold. */
export const enforce: ServiceAction = {
  kind: 'enforce',
  scope: 'service',
  undo: null,
  run: (service, { policy }) => policy.enforce(service),
};
