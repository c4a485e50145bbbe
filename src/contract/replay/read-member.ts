import type { SetMember } from '../ask/contract-set.js';
import { type CompiledContract, compileContract } from '../compile/compile.js';
import { type Kept, type Reading, readingOf } from './readings.js';

/** A contract and its bounds in one reading; the compiled one itself when nothing in them needs more than what is kept. */
export function readMember({ compiled, resolved, bounds }: SetMember, reading: Reading, kept: Kept): CompiledContract {
  const contract = readingOf(resolved, reading, kept);
  const read = bounds.map((bound) => readingOf(bound, reading, kept));
  if (contract === undefined && read.every((bound) => bound === undefined)) return compiled;
  return compileContract(
    { ...compiled.version, contract: contract ?? resolved },
    bounds.map((bound, index) => read[index] ?? bound),
  );
}
