import { TricordonError } from '../base/index.js';

/**
 * Every way a contract can fail to be one.
 * - `contract-too-large`: text over the size limit, or nested too deep.
 * - `contract-syntax`: not YAML or JSON, a duplicate key, an anchor or alias, more than one document.
 * - `contract-shape`: a key or value the schema does not know.
 * - `contract-meaning`: well formed, but says something that cannot be held (a template with `**` in the middle,
 *   a clause id used twice, a port over 65535).
 */
export type ContractErrorCode = 'contract-too-large' | 'contract-syntax' | 'contract-shape' | 'contract-meaning';

export class ContractError extends TricordonError<ContractErrorCode> {
  override readonly name = 'ContractError';
}
