// Comparing large contracts: what one allows that the other does not, with an example each; clauses that say nothing; and
// reading one from text into a table that decides. Each figure is the median of three rounds in a process of its own. No peers:
// nobody else compares such documents exactly.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec } from '../../dist/base/index.js';

const here = dirname(fileURLToPath(import.meta.url));
const sizes = [
  { kind: 'diff', clauses: 50_000, differing: 0 },
  { kind: 'diff', clauses: 50_000, differing: 10 },
  { kind: 'diff', clauses: 50_000, differing: 1_000 },
  { kind: 'diff', clauses: 50_000, differing: 50_000 },
  { kind: 'lint', clauses: 50_000 },
  { kind: 'read and compile', clauses: 100_000 },
];

export default async function contractDiff({ rounds = 3, only = sizes } = {}) {
  const cases = [];
  for (const size of only) {
    const { seconds } = await measured({ ...size, rounds });
    const differing = size.differing === undefined ? '' : `, ${size.differing} of them differ`;
    cases.push({
      case: `${size.kind}: ${size.clauses} clauses${differing}`,
      metric: 's',
      ours: seconds,
      peers: {},
      ratio: {},
    });
  }
  return { schemaVersion: 1, name: 'contract-diff', node: process.version, cases };
}

async function measured(size) {
  const args = ['--max-old-space-size=6144', join(here, 'diff-process.mjs'), JSON.stringify(size)];
  const { status, stdout, stderr } = await exec(process.execPath, args, { timeoutMs: 600_000 });
  if (status !== 0) throw new Error(`the measurement ended with ${status}: ${stderr.trim().slice(-2_000)}`);
  return JSON.parse(stdout);
}
