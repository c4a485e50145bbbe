// The learner on one core: observations per second folded into facts, and the time until the contract is proposed. Each
// figure is the median of five rounds in one process of its own. No peers: nobody else learns such a contract.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec, which } from '../../dist/base/index.js';

const here = dirname(fileURLToPath(import.meta.url));
const sizes = [
  { name: 'identifiers repeat', count: 200_000, ids: 20, denies: 0 },
  { name: 'identifiers repeat, 50 explicit denies', count: 200_000, ids: 20, denies: 50 },
  { name: 'identifiers hardly repeat, more facts than fit', count: 200_000, ids: 100_000, denies: 0 },
];

export default async function learn({ rounds = 5, only = sizes } = {}) {
  const cases = [];
  for (const { name, ...size } of only) {
    const { perSecond, proposalSeconds, clauses } = await measured({ ...size, rounds });
    const add = (metric, ours) => cases.push({ case: name, metric, ours, peers: {}, ratio: {} });
    add('observations per second on one core', perSecond);
    add('s to the proposal', proposalSeconds);
    add('clauses proposed', clauses);
  }
  return { schemaVersion: 1, name: 'learn', node: process.version, cases };
}

async function measured(size) {
  const script = [process.execPath, join(here, 'learn-process.mjs'), JSON.stringify(size)];
  const taskset = which('taskset');
  const [file, ...args] = taskset === undefined ? script : [taskset, '-c', '0', ...script];
  const { status, stdout, stderr } = await exec(file, args, { timeoutMs: 300_000 });
  if (status !== 0) throw new Error(`the learner's process ended with ${status}: ${stderr.trim()}`);
  return JSON.parse(stdout);
}
