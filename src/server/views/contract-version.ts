import type { z } from 'zod';
import type { ContractVersion } from '../../model/index.js';
import type { ContractVersionRow } from '../api/contracts.js';

/** A version without its clauses: who proposed and decided it, when and why. */
export function versionRow(version: ContractVersion): z.infer<typeof ContractVersionRow> {
  const { contract, clean: _clean, service: _service, ...rest } = version;
  return { ...rest, mode: contract.mode };
}
