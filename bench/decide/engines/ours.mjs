// A contract compiled by the built product.
import { compileContract, contractDigest, initialVersion } from '../../../dist/contract/index.js';
import { contractOf, serveRequest } from '../contract.mjs';

/** Sections are compiled when they are asked first, so compiling asks once. */
export function load(clauses) {
  const contract = contractOf(clauses);
  const version = {
    ...initialVersion(contract.service, 'bench', 0),
    contract,
    version: 1,
    digest: contractDigest(contract),
  };
  const began = performance.now();
  const { decideServe } = compileContract(version);
  decideServe(serveRequest({ method: 'GET', path: '/', caller: 'nobody' }));
  return {
    compileSeconds: (performance.now() - began) / 1_000,
    prepare: serveRequest,
    decide: decideServe,
    clauseOf: (decision) => (decision.effect === 'allow' ? decision.clause : null),
  };
}
