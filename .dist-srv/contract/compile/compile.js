import { checkContract } from '../check.js';
import { ContractError } from '../error.js';
import { compileCalls, compileServes } from './api.js';
import { compileEgress, compileIngress } from './network.js';
import { compileExec, compileFile } from './runtime.js';
/**
 * @throws ContractError `contract-meaning` for a contract that says something that cannot be held; the caller then
 * has no contract and refuses (`noContract`).
 *
 * @example
 * const payments = compileContract(version);
 * payments.decideServe({ caller: 'spiffe://shop/service/orders', callerService: 'orders', method: 'POST', path: '/charges' });
 * // { effect: 'allow', clause: 'charge', reason: 'allowed', ... }
 */
export function compileContract(version) {
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
