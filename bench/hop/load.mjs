// One load on several candidates in alternating rounds: CPU per request of each one's processes, and latency.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { pinned } from './processes.mjs';

const run = promisify(execFile);
const ticksPerSecond = 100; // USER_HZ of Linux on x64 and arm64
const units = { us: 1, ms: 1_000, s: 1_000_000 };
export const path = '/items/42';

/** @param candidates ours first */
export async function measure(name, { rounds, seconds, connections }, candidates) {
  const cpu = candidates.map(() => []);
  const many = candidates.map(() => []);
  const one = candidates.map(() => []);
  for (const candidate of candidates) await load(candidate.port, seconds, connections);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, candidate] of candidates.entries()) {
      const before = cpuOf(candidate.processes);
      const { requests, latency } = await load(candidate.port, seconds, connections);
      cpu[index].push(((cpuOf(candidate.processes) - before) / ticksPerSecond / requests) * 1e6);
      many[index].push(latency);
      one[index].push((await load(candidate.port, 1, 1)).latency);
    }
  }
  const names = candidates.map((candidate) => candidate.name);
  const cost = 'us CPU per request (user and system, all processes of the hop)';
  const latencies = [
    [`${connections} connections`, many],
    ['1 connection', one],
  ].flatMap(([load, all]) =>
    ['p50', 'p99'].map((rank) =>
      compared(
        `${name}, ${load}`,
        `us latency, ${rank}`,
        names,
        all.map((rows) => rows.map((row) => row[rank])),
      ),
    ),
  );
  return [
    compared(name, cost, names, cpu),
    compared(`${name}, best round`, cost, names, cpu, Math.min),
    compared(`${name}, worst round`, cost, names, cpu, Math.max),
    ...latencies,
  ];
}

/** Less is better: a ratio over 1 says that ours is. */
function compared(name, metric, names, samples, choose = median) {
  const [ours, ...theirs] = samples.map((values) => Number(choose(...values).toFixed(1)));
  const peers = Object.fromEntries(theirs.map((value, index) => [names[index + 1], value]));
  const ratio = Object.fromEntries(
    Object.entries(peers).map(([peer, value]) => [peer, Number((value / ours).toFixed(3))]),
  );
  return { case: name, metric, ours, peers, ratio };
}

function median(...values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Throws when any request was not answered with 2xx or 3xx. */
async function load(port, seconds, connections) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}${path}`];
  const { stdout } = await run(...pinned(1, 'wrk', args));
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  const errors = /Socket errors: (.*)/.exec(stdout);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  if (bad !== null || requests === 0) throw new Error(`wrk on port ${port}: ${stdout}`);
  if (errors !== null && !/connect 0, read 0, write 0/.test(errors[1])) {
    throw new Error(`wrk on port ${port}: ${errors[0]}`);
  }
  return { requests, latency: { p50: micros(stdout, 50), p99: micros(stdout, 99) } };
}

function micros(text, rank) {
  const [, value, unit] = new RegExp(`^\\s+${rank}%\\s+([\\d.]+)(us|ms|s)\\s*$`, 'm').exec(text) ?? [];
  if (unit === undefined) throw new Error(`wrk says no latency: ${text}`);
  return Number(value) * units[unit];
}

/** Fields 14 and 15 of `/proc/PID/stat`, all threads. */
function cpuOf(processes) {
  let ticks = 0;
  for (const pid of processes.flatMap((one) => one.pids())) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks;
}
