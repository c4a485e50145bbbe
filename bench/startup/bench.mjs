// `up` from nothing to ready: first start, later starts, memory of the control plane, the CLI's own start, and how long an
// event takes to become an incident.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventToIncident } from './incidents.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(root, 'bin/tricordon.mjs');

export default async function startup({ rounds = 3 } = {}) {
  const base = mkdtempSync('/tmp/tb-');
  chmodSync(base, 0o711);
  writeFileSync(
    join(base, 'tricordon.yaml'),
    'console: { listen: "127.0.0.1:0" }\nagents: { listen: "127.0.0.1:0" }\n',
  );
  const cases = [];
  const add = (name, metric, ours) => cases.push({ case: name, metric, ours, peers: {}, ratio: {} });
  try {
    add('first start', 's', await once(base, () => {}));
    const later = [];
    let memory = 0;
    for (let round = 0; round < rounds; round += 1) {
      const seconds = await once(base, () => {
        memory = Math.max(memory, residentMegabytes(base));
      });
      later.push(seconds);
    }
    add('ready after the first start, median', 's', median(later));
    add('control plane memory, RSS without PostgreSQL', 'MB', memory);
    let waits = [];
    await once(base, async () => {
      waits = await eventToIncident(cli, base, 5);
    });
    if (waits.length > 0) {
      add('event to incident, p50', 'ms', median(waits));
      add('event to incident, slowest of 5', 'ms', Math.max(...waits));
    }
    const help = [];
    for (let round = 0; round < 5; round += 1) help.push(await timed([cli, '--help']));
    add('--help, median', 's', median(help));
  } finally {
    await timed([cli, 'down', '--purge', ...places(base)]);
    rmSync(base, { recursive: true, force: true });
  }
  return { schemaVersion: 1, name: 'startup', node: process.version, cases };
}

function places(base) {
  return ['--data-dir', join(base, 'd'), '--runtime-dir', join(base, 'r')];
}

/** Seconds until the line that says ready; then `look`, then an orderly end. */
async function once(base, look) {
  const started = performance.now();
  const args = [cli, 'up', '-c', join(base, 'tricordon.yaml'), ...places(base), '-o', 'json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], cwd: base });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const seconds = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('"ready":true')) resolve((performance.now() - started) / 1000);
    });
    child.once('exit', (status) => reject(new Error(`up ended with ${status}`)));
  });
  await look();
  child.kill('SIGTERM');
  await exited;
  return seconds;
}

function residentMegabytes(base) {
  const state = JSON.parse(readFileSync(join(base, 'd/state.json'), 'utf8'));
  const control = state.processes.find((entry) => entry.name === 'control');
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${control.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

function timed(args) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    child.once('exit', () => resolve((performance.now() - started) / 1000));
  });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
