/** What a contract asks beside who and what: of users, and how often. Found out once for each compiled contract. */
import { type AskedFacts, askedFacts, type ClauseRate, type CompiledContract, ratesOf } from '../contract/index.js';

export interface Asked extends AskedFacts {
  readonly rates: ReadonlyMap<string, ClauseRate>;
}

const known = new WeakMap<CompiledContract, Asked>();

export function askedBy(contract: CompiledContract): Asked {
  let asked = known.get(contract);
  if (asked === undefined) {
    const { version, candidate } = contract;
    const [own, theirs] = [askedFacts(version.contract), candidate && askedFacts(candidate.contract)];
    asked = {
      users: own.users || theirs?.users === true,
      claims: [...new Set([...own.claims, ...(theirs?.claims ?? [])])],
      attributes: [...new Set([...own.attributes, ...(theirs?.attributes ?? [])])],
      // Requests are counted by what is in force: a candidate's rates begin with its approval.
      rates: ratesOf(version),
    };
    known.set(contract, asked);
  }
  return asked;
}
