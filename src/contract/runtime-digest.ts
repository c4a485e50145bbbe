import { createHash } from 'node:crypto';
import type { Contract } from '../model/index.js';
import { canonicalJson } from './digest.js';

/** True when the runtime layer of this contract is to be refused, not only watched, and there is something to hold. */
export function holdsRuntime(contract: Contract): boolean {
  const { runtime, mode } = contract;
  return mode.runtime === 'enforce' && (runtime?.executables !== undefined || runtime?.files !== undefined);
}

/** SHA-256 over what a contract says of the runtime layer alone: two versions that differ elsewhere only have the same. */
export function runtimeDigest(contract: Contract): string {
  const said = {
    runtime: contract.runtime ?? {},
    deny: (contract.deny ?? []).filter((clause) => clause.layer === 'runtime'),
  };
  return `sha256:${createHash('sha256').update(canonicalJson(said), 'utf8').digest('hex')}`;
}
