/**
 * Does the kernel sensor lose events at 20,000 a second, and does it say so when it does? A Python program in a cgroup of
 * its own opens files that do not exist, each once; counted is what comes out as an observation at the other end.
 * Needs root; bpftrace is measured where it is installed, our own programs always. `lost` counts what neither arrived nor was reported as lost: it must be 0.
 */
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec, systemClock, which } from '../../dist/base/index.js';
import { cgroup2Mount, directBpf, directBpftrace, startSensor } from '../../dist/sensor/index.js';

const here = dirname(fileURLToPath(import.meta.url));

/** @param {{seconds?: number, rates?: number[]}} [options] */
export default async function run(options = {}) {
  const { seconds = 5, rates = [1_000, 20_000, 50_000] } = options;
  const mount = cgroup2Mount();
  if (process.getuid?.() !== 0 || mount === undefined) throw new Error('sensor-loss needs root and a cgroup v2 mount');
  const cases = [];
  for (const tracer of which('bpftrace') === undefined ? ['bpf'] : ['bpftrace', 'bpf']) {
    cases.push(...(await measure(tracer, join(mount, `tricordon-bench-${process.pid}`), rates, seconds)));
  }
  return { schemaVersion: 1, name: 'sensor-loss', node: process.version, cases };
}

async function measure(tracer, parent, rates, seconds) {
  mkdirSync(parent);
  const cases = [];
  const source = tracer === 'bpf' ? directBpf({ isRoot: true }) : directBpftrace({ exec, isRoot: true });
  const seen = new Map();
  let onExit = () => {};
  const sensor = await startSensor({
    host: 'bench',
    boot: String(process.pid),
    clock: systemClock,
    exec,
    sink: (observation) => {
      const { event, workload } = observation;
      if (event.kind === 'exit') onExit(workload);
      if (event.kind !== 'open' || !event.path.startsWith('/nonexistent/')) return;
      seen.get(workload)?.push([event.path, systemClock.now() - observation.at]);
    },
    kernel: {
      sources: { [tracer]: source },
      selection: { parents: [String(statSync(parent).ino)], containers: false },
    },
    rate: 1_000_000,
  });
  try {
    for (const rate of rates) {
      const workload = `rate-${rate}`;
      const path = join(parent, workload);
      mkdirSync(path);
      seen.set(workload, []);
      const cgroup = { id: String(statSync(path).ino), path };
      sensor.add({ workload, service: 'bench', identity: null, cgroup });
      const lostBefore = sensor.lost();
      const over = new Promise((resolve) => {
        onExit = (who) => who === workload && resolve();
      });
      const count = rate * seconds;
      const script = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"';
      const generator = ['python3', join(here, 'generator.py'), String(count), String(rate), `/nonexistent/${rate}-`];
      const done = await exec('/bin/sh', ['-c', script, 'sh', path, ...generator], { timeoutMs: 300_000 });
      if (done.status !== 0) throw new Error(`the generator failed: ${done.stderr}`);
      await over;
      // Buffers are read out one processor after the other: the exit may overtake what another one still holds.
      for (let before = -1; before !== (seen.get(workload)?.length ?? 0); ) {
        before = seen.get(workload)?.length ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      }
      sensor.beat();
      const rows = seen.get(workload) ?? [];
      const received = new Set(rows.map(([name]) => name)).size;
      const reported = sensor.lost() - lostBefore;
      const delays = rows.map(([, delay]) => delay).sort((a, b) => a - b);
      const quantile = (q) => Number((delays[Math.floor(q * (delays.length - 1))] ?? Number.NaN).toFixed(3));
      const name = `${tracer}: ${rate} events/s for ${seconds} s`;
      const add = (metric, ours) => cases.push({ case: name, metric, ours, peers: {}, ratio: {} });
      add('generated', count);
      add('rate reached (events/s)', Math.round(count / Number(done.stdout)));
      add('received', received);
      add('duplicates', rows.length - received);
      add('reported lost', reported);
      add('lost in silence', Math.max(0, count - received - reported));
      add('delay p50 (ms)', quantile(0.5));
      add('delay p99 (ms)', quantile(0.99));
      sensor.remove(workload);
      rmdirSync(path);
    }
  } finally {
    await sensor.stop();
    rmdirSync(parent);
  }
  return cases;
}
