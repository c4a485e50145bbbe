import type { Contract, ContractVersion, Mode } from '../model/index.js';
import { contractDigest } from './digest.js';

/** A contract that lists nothing: every section present and empty, every layer in one mode. */
export function emptyContract(service: string, mode: Mode): Contract {
  return {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service,
    mode: { runtime: mode, network: mode, api: mode },
    runtime: { executables: [], files: [] },
    network: { ingress: [], egress: [] },
    api: { serves: [], calls: [] },
  };
}

/**
 * Version 0 of a new service, in `learn` at every layer: a service without a contract gets nothing through, so this is
 * written and approved before the service starts. `at` is milliseconds since the epoch.
 */
export function initialVersion(service: string, by: string, at: number): ContractVersion {
  const contract = emptyContract(service, 'learn');
  return {
    service,
    version: 0,
    digest: contractDigest(contract),
    state: 'approved',
    contract,
    origin: 'initial',
    observed: 0,
    proposedBy: by,
    proposedAt: at,
    decidedBy: by,
    decidedAt: at,
    reason: 'first start',
    clean: {},
  };
}
