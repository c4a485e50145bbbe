// `npm run bench -- NAME [-o json]`: runs one benchmark and prints its result; `all` runs every one and writes RESULTS.md.
// Exit 3 when a peer that the claim needs cannot be had.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(here, entry.name, 'bench.mjs')))
  .map((entry) => entry.name);
const args = process.argv.slice(2);
const json = args.includes('-o') && args[args.indexOf('-o') + 1] === 'json';
const chosen = args[0] === 'all' ? names : names.filter((name) => name === args[0]);
if (chosen.length === 0) {
  process.stderr.write(`usage: npm run bench -- NAME [-o json]   (${names.join(', ')}, all)\n`);
  process.exit(1);
}
process.stderr.write('building …\n');
await build();
const results = [];
for (const name of chosen) {
  process.stderr.write(`${name} …\n`);
  const { default: run } = await import(`./${name}/bench.mjs`);
  const { missing = [], ...result } = await run({});
  results.push(result);
  for (const { peer, reason, fix } of missing) process.stderr.write(`${name}: no ${peer}: ${reason} (${fix})\n`);
  if (missing.length > 0) process.exitCode = 3;
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text(result)}\n`);
}
if (args[0] === 'all' && process.exitCode === undefined) writeFileSync(join(here, 'RESULTS.md'), page(results));

function text(result) {
  const rows = result.cases.map((row) => {
    const peers = peersOf(row).map(({ peer, value, ratio }) => `${peer} ${value} (ratio ${ratio})`);
    return `  ${row.case}: ${round(row.ours)} ${row.metric}${peers.length === 0 ? '' : `; ${peers.join(', ')}`}`;
  });
  return [`${result.name} on Node ${result.node}`, ...rows].join('\n');
}

function page(all) {
  const day = new Date().toISOString().slice(0, 10);
  const tables = all.map((result) => {
    const rows = result.cases.map((row) => {
      const peers = peersOf(row).map(({ peer, value, ratio }) => `${peer} ${value}, ratio ${ratio}`);
      return `| ${row.case} | ${round(row.ours)} ${row.metric} | ${peers.join('; ')} |`;
    });
    const head = `## ${result.name}\n\nCommand: \`npm run bench -- ${result.name}\`. Node ${result.node}, ${day}.\n\n`;
    return `${head}| case | ours | peers (ratio over 1: ours is better) |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  const intro =
    'Made by `npm run bench -- all`: each claim and its peers in one run, on a shared two-core machine. Expect noise.';
  return `# Results\n\n${intro}\n\n${tables.join('\n')}`;
}

function peersOf(row) {
  return Object.entries(row.peers ?? {}).map(([peer, value]) => ({
    peer,
    value: round(value),
    ratio: round(row.ratio?.[peer]),
  }));
}

function round(value) {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : 'unknown';
}
