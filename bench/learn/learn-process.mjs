// One measurement of the learner; prints its medians as one line of JSON. Argument: the size as JSON.
import { learner } from '../../dist/contract/index.js';
import { callers, observations, service } from './observations.mjs';

const { count, ids, denies, rounds } = JSON.parse(process.argv[2]);
const made = observations({ count, ids });
const current =
  denies === 0
    ? undefined
    : {
        apiVersion: 'tricordon/v1',
        kind: 'Contract',
        service,
        mode: { runtime: 'learn', network: 'learn', api: 'learn' },
        deny: Array.from({ length: denies }, (_, index) => ({
          id: `never-${index}`,
          layer: 'api',
          methods: ['GET'],
          path: `/internal/part${index}/**`,
        })),
      };
const folds = [];
const proposals = [];
let clauses = 0;
for (let round = 0; round <= rounds; round += 1) {
  const learn = learner(service, current === undefined ? {} : { current });
  const began = performance.now();
  for (const observation of made.observations) learn.add(observation);
  const folded = performance.now();
  const proposal = learn.proposal();
  const proposed = performance.now();
  check(proposal);
  const { runtime, network, api } = proposal.contract;
  clauses = [runtime, network, api].flatMap((layer) => Object.values(layer ?? {}).filter(Array.isArray)).flat().length;
  if (round === 0) continue; // the first warms up
  folds.push(count / ((folded - began) / 1_000));
  proposals.push((proposed - folded) / 1_000);
}
process.stdout.write(`${JSON.stringify({ perSecond: median(folds), proposalSeconds: median(proposals), clauses })}\n`);

/** A learner that is fast because it learns nothing, or learns what it must not, is not measured. */
function check({ contract, observed }) {
  if (observed !== made.teaching) throw new Error(`${observed} observations taught, not ${made.teaching}`);
  const served = new Set(
    (contract.api?.serves ?? []).flatMap(({ from }) => from.map((peer) => peer.service ?? 'gateway')),
  );
  const unheard = callers.filter((caller) => !served.has(caller));
  if (unheard.length > 0) throw new Error(`nothing was learned of ${unheard.join(', ')}`);
  const text = JSON.stringify(contract);
  for (const never of ['/bin/sh', 'docker.sock']) if (text.includes(never)) throw new Error(`${never} was learned`);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
