import type { z } from 'zod';
import type { ContractDiff } from '../../contract/index.js';
import type { DiffRow } from '../api/contracts.js';

/** A contract diff as the API's rows: modes first, then rights that come, then rights that go. */
export function diffRowsOf(diff: ContractDiff): Omit<z.infer<typeof DiffRow>, 'evidence'>[] {
  const right = (row: ContractDiff['added'][number], change: 'added' | 'removed') => ({
    layer: row.layer,
    change,
    sentence: row.right,
    example: row.example,
    clause: row.clause === '-' ? null : row.clause,
  });
  return [
    ...diff.modes.map(({ layer, from, to }) => ({
      layer,
      change: 'mode' as const,
      sentence: `${layer === 'api' ? 'API' : layer} layer: ${from ?? 'not held'} -> ${to}`,
      example: null,
      clause: null,
    })),
    ...diff.added.map((row) => right(row, 'added')),
    ...diff.removed.map((row) => right(row, 'removed')),
    // A new deny takes a right away, one that goes gives it back.
    ...diff.denies.map((row) => right(row, row.change === 'added' ? 'removed' : 'added')),
  ];
}
