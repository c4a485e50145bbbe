/** Turns one version of a contract into functions that decide. No code is generated: closures, maps and a trie. */
import type { ContractVersion, Decision } from '../../model/index.js';
import { checkContract } from '../check.js';
import { ContractError } from '../error.js';
import { type CallRequest, compileCalls, compileServes, type ServeRequest } from './api.js';
import { compileEgress, compileIngress, type EgressRequest, type IngressRequest } from './network.js';
import { compileExec, compileFile, type ExecRequest, type FileRequest } from './runtime.js';

/**
 * Decisions of one contract version. Each follows one order: no identity, isolated, mode off, explicit deny, section
 * absent (`layer-unmanaged`), the most literal allow, else what the layer's mode says: `learn` and `audit`
 * answer `would-deny`, `enforce` answers `deny`. Allows are shared frozen objects.
 */
export interface CompiledContract {
  readonly service: string;
  readonly version: ContractVersion;
  /** A request to this service. */
  decideServe(request: ServeRequest): Decision;
  /** A request this service makes. */
  decideCall(request: CallRequest): Decision;
  /** A connection to this service. */
  decideIngress(request: IngressRequest): Decision;
  /** A connection this service makes. */
  decideEgress(request: EgressRequest): Decision;
  /** A program started inside a workload of this service. */
  decideExec(request: ExecRequest): Decision;
  /** A file opened inside a workload of this service. */
  decideFile(request: FileRequest): Decision;
}

/**
 * @throws ContractError `contract-meaning` for a contract that says something that cannot be held; the caller then
 * has no contract and refuses (`noContract`).
 *
 * @example
 * const payments = compileContract(version);
 * payments.decideServe({ caller: 'spiffe://shop/service/orders', callerService: 'orders', method: 'POST', path: '/charges' });
 * // { effect: 'allow', clause: 'charge', reason: 'allowed', ... }
 */
export function compileContract(version: ContractVersion): CompiledContract {
  const problems = checkContract(version.contract).filter((problem) => problem.level === 'error');
  if (problems.length > 0) {
    throw new ContractError('contract-meaning', problems.map((problem) => problem.message).join('; '));
  }
  return {
    service: version.service,
    version,
    decideServe: compileServes(version),
    decideCall: compileCalls(version),
    decideIngress: compileIngress(version),
    decideEgress: compileEgress(version),
    decideExec: compileExec(version),
    decideFile: compileFile(version),
  };
}
