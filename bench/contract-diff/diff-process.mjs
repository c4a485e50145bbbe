// One measurement; prints its median as one line of JSON. Argument: `{kind, clauses, differing, rounds}` as JSON. Every round
// begins with the documents alone: nothing that an earlier one found out is left.
import {
  compareContracts,
  compileContract,
  contractSet,
  lintContracts,
  parseContractDocument,
} from '../../dist/contract/index.js';
import { contractOf } from './contracts.mjs';

const { kind, clauses, differing = 0, rounds } = JSON.parse(process.argv[2]);
const now = Date.UTC(2026, 0, 1);
const step = differing === 0 ? Number.POSITIVE_INFINITY : Math.floor(clauses / differing);
const before = contractOf(clauses);
const after = contractOf(clauses, (number) => number % step === step - 1 || step === 1);
const setOf = (document) => contractSet([{ file: 'monolith.yaml', document: structuredClone(document) }]);
const text = JSON.stringify(before);

/** Each returns how much it found: one that is fast because it finds nothing is not measured. */
const works = {
  diff: () => {
    const [old, next] = [setOf(before), setOf(after)];
    return () => compareContracts(old, next, now).rights.length;
  },
  lint: () => {
    const set = setOf(before);
    return () => lintContracts(set, now).length;
  },
  'read and compile': () => () => {
    const document = parseContractDocument(text, 'monolith.json', 64 << 20);
    const compiled = compileContract({ ...version, contract: document });
    const asked = {
      caller: 'spiffe://x/service/caller-7',
      callerService: 'caller-7',
      method: 'GET',
      path: '/area7/thing7',
    };
    if (compiled.decideServe(asked).clause !== 'op-7') throw new Error('the compiled contract answers otherwise');
    return document.api.serves.length;
  },
};
const version = { service: 'monolith', version: 1, digest: 'sha256:0', state: 'approved' };
const wanted = { diff: differing * 2, lint: 0, 'read and compile': clauses };

const times = [];
for (let round = 0; round <= rounds; round += 1) {
  const work = works[kind]();
  const began = performance.now();
  const found = work();
  if (found !== wanted[kind]) throw new Error(`${kind}: found ${found}, not ${wanted[kind]}`);
  // The first warms up.
  if (round > 0) times.push((performance.now() - began) / 1_000);
}
times.sort((one, other) => one - other);
process.stdout.write(`${JSON.stringify({ seconds: times[Math.floor(times.length / 2)] })}\n`);
