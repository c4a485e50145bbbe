import { TricordonError } from '../base/index.js';

/**
 * Every way a contract can fail to be one.
 * - `contract-too-large`: text over the size limit, or nested too deep.
 * - `contract-syntax`: not YAML or JSON, a duplicate key, an anchor or alias, more than one document.
 * - `contract-shape`: a key or value the schema does not know.
 * - `contract-meaning`: well formed, but says something that cannot be held (a template with `**` in the middle,
 *   a clause id used twice, a port over 65535).
 * - `contract-base`: what it extends is not known, is another one than was pinned, or extends itself.
 * - `contract-conflict`: two documents say different things of the same service, base or bound.
 * - `contract-artefact`: text that a compiler of ours would not have written, read back.
 */
export type ContractErrorCode =
  | 'contract-too-large'
  | 'contract-syntax'
  | 'contract-shape'
  | 'contract-meaning'
  | 'contract-base'
  | 'contract-conflict'
  | 'contract-artefact';

export class ContractError extends TricordonError<ContractErrorCode> {
  override readonly name = 'ContractError';
}
