import type { Contract } from '../../model/index.js';
import { clausesOf } from '../clauses.js';
import { namesIn, parseCondition } from '../condition/index.js';

/** Whether any answer of this contract hangs on who the user is: only then are tokens looked at. */
export function asksForUsers(contract: Contract): boolean {
  return clausesOf(contract).some(({ clause }) => {
    if ('user' in clause && clause.user !== undefined && clause.user !== 'none') return true;
    if ('rate' in clause && clause.rate?.key?.some((key) => key.startsWith('user.')) === true) return true;
    if (!('where' in clause) || clause.where === undefined) return false;
    const parsed = parseCondition(clause.where);
    return 'problem' in parsed || namesIn(parsed.condition).some((name) => /^user\b/.test(name));
  });
}
