/** Turns one version of a contract into functions that decide. No code is generated: closures, maps and a trie. */
import type { Bound, ContractVersion, Decision } from '../../model/index.js';
import { checkContract } from '../check.js';
import { ContractError } from '../error.js';
import { within } from './bounds.js';
import { type CallRequest, compileCalls } from './calls.js';
import { compileMessages, type MessageRequest } from './messages.js';
import { compileEgress, compileIngress, type EgressRequest, type IngressRequest } from './network.js';
import { compileExec, compileFile, type ExecRequest, type FileRequest } from './runtime.js';
import type { ServeRequest } from './serve-request.js';
import { compileServes } from './serves.js';

/**
 * Decisions of one contract version. Each follows one order: no identity, isolated, mode off, explicit deny, section
 * absent (`layer-unmanaged`), the most literal allow, else what the layer's mode says: `learn` and `audit`
 * answer `would-deny`, `enforce` answers `deny`. What passes so far has to pass every bound. Allows are shared frozen objects.
 */
export interface CompiledContract {
  readonly service: string;
  readonly version: ContractVersion;
  /** Decides beside it, where there is one (`beside`). */
  readonly candidate?: ContractVersion | undefined;
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
  /** A message this service sends. */
  decidePublish(request: MessageRequest): Decision;
  /** A topic this service listens to. */
  decideSubscribe(request: MessageRequest): Decision;
}

/**
 * The contract stands by itself (`resolveContract`); `bounds` are those that apply to its service (`boundsFor`).
 *
 * @throws ContractError `contract-meaning` for a contract that says something that cannot be held; the caller then
 * has no contract and refuses (`noContract`).
 *
 * @example
 * const payments = compileContract(version);
 * payments.decideServe({ caller: 'spiffe://shop/service/orders', callerService: 'orders', method: 'POST', path: '/charges' });
 * // { effect: 'allow', clause: 'charge', reason: 'allowed', ... }
 */
export function compileContract(version: ContractVersion, bounds: readonly Bound[] = []): CompiledContract {
  const { contract } = version;
  const problems = checkContract(contract).filter((problem) => problem.level === 'error');
  if ((contract.extends ?? []).length > 0 || (contract.exceptions ?? []).length > 0)
    throw new ContractError('contract-meaning', `the contract of \`${version.service}\` is not resolved`);
  if (problems.length > 0) {
    throw new ContractError('contract-meaning', problems.map((problem) => problem.message).join('; '));
  }
  const held = bounds.map((bound) => ({ name: bound.name, version: boundVersion(bound, version) }));
  /** A section is compiled when it is asked first: many contracts are never asked about most of theirs. */
  const both = <R>(compile: (version: ContractVersion) => (request: R) => Decision): ((request: R) => Decision) => {
    let decide: ((request: R) => Decision) | undefined;
    return (request) => {
      decide ??= within(
        compile(version),
        held.map((bound) => ({ name: bound.name, decide: compile(bound.version) })),
      );
      return decide(request);
    };
  };
  return {
    service: version.service,
    version,
    decideServe: both(compileServes),
    decideCall: both(compileCalls),
    decideIngress: both(compileIngress),
    decideEgress: both(compileEgress),
    decideExec: both(compileExec),
    decideFile: both(compileFile),
    decidePublish: both((one) => compileMessages(one, 'publish')),
    decideSubscribe: both((one) => compileMessages(one, 'subscribe')),
  };
}

/** A bound as a contract of the same service that is enforced. */
function boundVersion({ runtime, network, api, deny }: Bound, version: ContractVersion): ContractVersion {
  const { apiVersion, kind, service } = version.contract;
  const mode = { runtime: 'enforce', network: 'enforce', api: 'enforce' } as const;
  const contract = { apiVersion, kind, service, mode, runtime, network, api, deny };
  const problems = checkContract(contract).filter(({ level }) => level === 'error');
  if (problems.length > 0) {
    throw new ContractError('contract-meaning', problems.map((problem) => problem.message).join('; '));
  }
  return { ...version, contract };
}
