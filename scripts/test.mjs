// Runs the tests and ends with a table of what ran, what was skipped and why, then `N passed, N failed, N skipped`.
// Parts: check (types, format, boundaries, generated pages), unit, integration. `--only PART` runs one, `--long` the long ones;
// with `--record` their result is written to test/LONG.md.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { recordLong } from './long-record.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const long = process.argv.includes('--long');
const rest = process.argv.includes('--') ? process.argv.slice(process.argv.indexOf('--') + 1) : [];
const record = process.argv.includes('--record');
if (record && (!long || rest.length > 0)) {
  process.stderr.write('--record goes with --long and no other words: a part is no result\n');
  process.exit(1);
}
const skippedFile = '.tricordon/skipped.ndjson';
mkdirSync('.tricordon', { recursive: true });
rmSync(skippedFile, { force: true });

const rows = [];
const totals = { passed: 0, failed: 0, skipped: 0 };
const wanted = (part) => !long && (only === undefined || only === part);

if (only !== 'check') {
  process.stderr.write('building …\n');
  await build();
}
if (wanted('check')) {
  await command('types', [bin('typescript/bin/tsc'), '--noEmit']);
  await command('types of the console', [bin('typescript/bin/tsc'), '--noEmit', '-p', 'ui']);
  await command('format and lint', [bin('@biomejs/biome/bin/biome'), 'check', '.']);
  if (existsSync('dist')) await command('generated pages', ['scripts/docs.mjs', '--check']);
}
if (wanted('unit')) await vitest('unit', ['--project', 'unit']);
if (wanted('integration')) {
  await vitest('integration, two at a time', ['--project', 'apart']);
  await vitest('integration', ['--project', 'integration']);
}
if (long) await vitest('long', ['--project', 'long']);
finish();

function bin(path) {
  return join('node_modules', path);
}

async function command(name, args) {
  const { status, output, seconds } = await run(args, false);
  const passed = status === 0;
  if (!passed) process.stdout.write(`${output}\n`);
  totals[passed ? 'passed' : 'failed'] += 1;
  rows.push([name, passed ? '1' : '0', passed ? '0' : '1', '0', seconds]);
}

async function vitest(name, args) {
  const report = `.tricordon/${name.replaceAll(/[^a-z]+/g, '-')}.json`;
  rmSync(report, { force: true });
  const { status, seconds } = await run(
    [
      bin('vitest/vitest.mjs'),
      'run',
      ...args,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      // A part of the stories may all be of one kind.
      ...(rest.length > 0 ? ['--passWithNoTests'] : []),
      ...rest,
    ],
    true,
  );
  if (!existsSync(report)) {
    totals.failed += 1;
    rows.push([name, '0', '1 (no report)', '0', seconds]);
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = result.numFailedTests + broken + (status !== 0 && result.numFailedTests + broken === 0 ? 1 : 0);
  totals.passed += result.numPassedTests;
  totals.failed += failed;
  totals.skipped += skipped;
  rows.push([name, String(result.numPassedTests), String(failed), String(skipped), seconds]);
  if (record) recordLong(result);
}

function run(args, show) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('close', (status) =>
      resolve({ status, output, seconds: `${((performance.now() - started) / 1000).toFixed(0)} s` }),
    );
  });
}

function finish() {
  const head = ['part', 'passed', 'failed', 'skipped', 'time'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ');
  process.stdout.write(`\n${[line(head), ...rows.map(line)].join('\n')}\n`);
  const reasons = new Map();
  if (existsSync(skippedFile)) {
    for (const text of readFileSync(skippedFile, 'utf8').trim().split('\n')) {
      for (const reason of JSON.parse(text).missing) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  if (reasons.size > 0) {
    process.stdout.write('\nskipped for want of:\n');
    for (const [reason, count] of reasons) process.stdout.write(`  ${reason}  [${count}]\n`);
  }
  if (process.env.REQUIRE === 'all' && totals.skipped > 0) {
    process.stdout.write('\nREQUIRE=all: a skipped test is a failure\n');
    totals.failed += totals.skipped;
    totals.skipped = 0;
  }
  if (totals.failed > 0) process.exitCode = 1;
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
}
