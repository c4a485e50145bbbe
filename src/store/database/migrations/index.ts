import { init } from './0001-init.js';
import { changes } from './0002-changes.js';
import { people } from './0003-people.js';
import { limits } from './0004-limits.js';
import { breakGlass } from './0005-break-glass.js';
import { retention } from './0008-retention.js';
import { decisionIds } from './0009-decision-ids.js';
import { policy } from './0010-policy.js';
import { rollouts } from './0011-rollouts.js';

/** Forward only: a number is given once and its text never changes after a release. */
export const migrations: readonly { readonly number: number; readonly name: string; readonly sql: string }[] = [
  { number: 1, name: 'init', sql: init },
  { number: 2, name: 'changes', sql: changes },
  { number: 3, name: 'people', sql: people },
  { number: 4, name: 'limits', sql: limits },
  { number: 5, name: 'break-glass', sql: breakGlass },
  { number: 8, name: 'retention', sql: retention },
  { number: 9, name: 'decision-ids', sql: decisionIds },
  { number: 10, name: 'policy', sql: policy },
  { number: 11, name: 'rollouts', sql: rollouts },
];
