/** Bounds of the organisation are asked when a decision is made; a file that was compiled does not know them. */
import type { Bound } from '../../model/index.js';
import type { Diagnostic } from './target.js';

export function unheldBounds(bounds: readonly Bound[], target: string): readonly Diagnostic[] {
  return bounds.map(({ name }) => ({
    clause: null,
    section: `bound.${name}`,
    target,
    level: 'impossible',
    reason: 'bounds are not compiled: what the contract allows and this bound does not would pass',
    compensation: 'narrow the contract until it lies within the bound, or hold it with our data plane',
  }));
}
