/** What every process of ours says of itself: build, age, memory, processor, and how late its event loop is. */
import { readdirSync } from 'node:fs';
import { type Family, family, type Metric } from './metrics.js';

export const processMetrics = {
  build: {
    name: 'tricordon_build_info',
    type: 'gauge',
    help: 'Always 1; version of the product, name of the process and version of Node.js.',
    labels: ['version', 'process', 'node'],
  },
  started: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process started, seconds since 1970.',
  },
  processor: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time used, in user and kernel.',
  },
  memory: { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory held by the process.' },
  heap: { name: 'tricordon_heap_used_bytes', type: 'gauge', help: 'Part of it that holds JavaScript objects.' },
  descriptors: { name: 'process_open_fds', type: 'gauge', help: 'Open file descriptors.' },
  lag: {
    name: 'tricordon_event_loop_lag_seconds',
    type: 'gauge',
    help: 'How late the event loop was at most within the last half minute.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

const everyMs = 250;
const windowMs = 30_000;

/** Begins to watch the event loop; returns what reads everything. @param startedAt ms since 1970 */
export function watchProcess(about: {
  readonly version: string;
  readonly process: string;
  readonly startedAt: number;
}): () => Family[] {
  let expected = performance.now() + everyMs;
  let [worst, worstBefore, windowEnds] = [0, 0, performance.now() + windowMs];
  setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - expected);
    expected = now + everyMs;
    if (now < windowEnds) return;
    [worst, worstBefore, windowEnds] = [0, worst, now + windowMs];
  }, everyMs).unref();
  return () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const { version, process: name, startedAt } = about;
    return [
      family(processMetrics.build, [{ labels: { version, process: name, node: process.versions.node }, value: 1 }]),
      family(processMetrics.started, startedAt / 1_000),
      family(processMetrics.processor, (user + system) / 1e6),
      family(processMetrics.memory, rss),
      family(processMetrics.heap, heapUsed),
      ...openDescriptors(),
      family(processMetrics.lag, Math.max(worst, worstBefore, 0) / 1_000),
    ];
  };
}

function openDescriptors(): Family[] {
  try {
    return [family(processMetrics.descriptors, readdirSync('/proc/self/fd').length)];
  } catch {
    return []; // not readable for a process that may not be looked into: then it is not known
  }
}
