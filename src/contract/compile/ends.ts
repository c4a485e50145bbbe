/** When a contract comes to mean something else, though nobody changes it. */
import type { Contract } from '../../model/index.js';
import { clausesOf } from '../clauses.js';
import { momentOf } from './moment.js';

/** The first `until` after a time, both ms since 1970; infinite when no clause ends. */
export function nextEnd(contract: Contract, after: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { clause } of clausesOf(contract)) {
    if (!('until' in clause) || clause.until === undefined) continue;
    const end = momentOf(clause.until);
    if (end > after && end < first) first = end;
  }
  return first;
}
