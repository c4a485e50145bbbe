/** What a contract asks beside who and what: of users, and how often. Found out once for each compiled contract. */
import { type AskedFacts, askedFacts, type ClauseRate, type CompiledContract, ratesOf } from '../contract/index.js';

export interface Asked extends AskedFacts {
  readonly rates: ReadonlyMap<string, ClauseRate>;
}

const known = new WeakMap<CompiledContract, Asked>();

export function askedBy(contract: CompiledContract): Asked {
  let asked = known.get(contract);
  if (asked === undefined) {
    const { version } = contract;
    asked = { ...askedFacts(version.contract), rates: ratesOf(version) };
    known.set(contract, asked);
  }
  return asked;
}
