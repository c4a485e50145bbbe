// Decisions about requests to one service, ours and those of other engines, in alternating rounds of one run: how many a
// second, the slowest hundredth, the compile time and what a decision allocates. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agree } from './agreement.mjs';
import { cache, fetchPeers, opaBinary, policy } from './peers.mjs';
import { startEngine } from './processes.mjs';
import { regoData, regoInput } from './rego-input.mjs';
import { workload } from './workload.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const sizes = [
  { callers: 10, clauses: 10 },
  { callers: 10, clauses: 1_000 },
  { callers: 10_000, clauses: 1_000 },
  { callers: 10_000, clauses: 10_000 },
  { callers: 10_000, clauses: 100_000 },
];
const requests = 20_000;
const compared = 4_000;
/** Milliseconds that an engine may take to load a workload. */
const loadLimit = 60_000;
/** No collection of the young generation while allocation is measured. */
const noCollection = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
/** Node 20 dies in `cedar-wasm` where V8 inlines the calls to WebAssembly; its rate is the same without. */
const flagsOf = { 'cedar-wasm': ['--no-turbo-inline-js-wasm-calls'] };

export default async function decide({ rounds = 5, milliseconds = 600, only = sizes } = {}) {
  const { names, missing } = await fetchPeers();
  const cases = [];
  for (const size of only) cases.push(...(await measure(size, { rounds, milliseconds, names, missing })));
  return { schemaVersion: 1, name: 'decide', node: process.version, cases, ...(missing.length > 0 ? { missing } : {}) };
}

async function measure(size, { rounds, milliseconds, names, missing }) {
  const folder = mkdtempSync('/tmp/td-');
  const title = `${size.callers} workloads, ${size.clauses} clauses`;
  const engines = new Map();
  /** What a peer does, or undefined when it fails: then it is named and takes no further part in this size. */
  const attempt = async (name, task) => {
    try {
      return await task();
    } catch (error) {
      missing.push({
        peer: name,
        reason: `${title}: ${error.message}`,
        fix: 'run again with less else on the machine',
      });
      await engines.get(name)?.stop();
      engines.delete(name);
      return undefined;
    }
  };
  let ours;
  try {
    const compileSeconds = [];
    for (let count = 0; count < 3; count += 1) {
      await ours?.stop();
      ours = await startEngine(command('ours', size), loadLimit);
      compileSeconds.push(ours.ready.compileSeconds);
    }
    const made = workload({ ...size, requests });
    const expected = (await ours.ask('answers')).answers;
    const file = join(folder, 'workload.json');
    writeFileSync(
      file,
      JSON.stringify({ compared, data: regoData(made.clauses), inputs: made.requests.map(regoInput) }),
    );
    for (const name of names) {
      process.stderr.write(`  ${title}: loading ${name} …\n`);
      const line = name === 'opa' ? [opaBinary, 'serve', policy, file] : command(name, size);
      const engine = await attempt(name, () => startEngine(line, loadLimit));
      if (engine === undefined) continue;
      engines.set(name, engine);
      const said = await attempt(name, () => engine.ask('answers'));
      if (said !== undefined) agree({ engine: name, requests: made.requests, expected, got: said.answers });
    }
    const { ours: mine, ...peers } = await alternate(ours, engines, attempt, { rounds, milliseconds });
    const ratio = Object.fromEntries(Object.entries(peers).map(([name, value]) => [name, mine / value]));
    const explained = await ours.ask(`explained ${milliseconds}`);
    const latency = await ours.ask('latency 200000');
    await ours.stop();
    ours = await startEngine(command('ours', size, noCollection), loadLimit);
    const allocation = await ours.ask('allocation 20000');
    const alone = (metric, value) => ({ case: title, metric, ours: value, peers: {}, ratio: {} });
    return [
      { case: title, metric: 'decisions per second', ours: mine, peers, ratio },
      alone('decisions per second, each refusal with its nearest clause', explained.decisions / explained.seconds),
      alone('us a decision takes, p99', latency.p99),
      alone('s to compile', median(compileSeconds)),
      alone('bytes allocated per decision', allocation.bytes),
    ];
  } finally {
    await ours?.stop();
    for (const engine of engines.values()) await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Decisions per second by engine: the median of rounds that alternate, after one that does not count. */
async function alternate(ours, peers, attempt, { rounds, milliseconds }) {
  const order = `round ${milliseconds}`;
  const rates = new Map();
  for (let round = 0; round <= rounds; round += 1) {
    const results = [['ours', await ours.ask(order)]];
    for (const [name, engine] of [...peers]) results.push([name, await attempt(name, () => engine.ask(order))]);
    if (round === 0) continue;
    for (const [name, result] of results) {
      if (result !== undefined) rates.set(name, [...(rates.get(name) ?? []), result.decisions / result.seconds]);
    }
  }
  const stayed = [...rates].filter(([name]) => name === 'ours' || peers.has(name));
  return Object.fromEntries(stayed.map(([name, values]) => [name, median(values)]));
}

function command(name, { callers, clauses }, flags = flagsOf[name] ?? []) {
  const size = [callers, clauses, requests, compared].map(String);
  return [process.execPath, ...flags, join(here, 'engine-process.mjs'), name, ...size, cache];
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
