import { expect, test } from 'vitest';
import { exec, systemClock } from '../base/index.js';
import { SensorError } from './errors.js';
import type { LineHandlers, LineSource } from './line-source.js';
import { startSensor } from './sensor.js';

/** A tracer that comes up, or does not, and remembers that it was started. */
function source(up: (handlers: LineHandlers) => void, usable = true): LineSource & { started: number } {
  const self = {
    started: 0,
    probe: async () => (usable ? { usable } : { usable, reason: 'not installed', fix: 'install it' }),
    start: async (_: unknown, handlers: LineHandlers) => {
      self.started += 1;
      up(handlers);
      return { stop: async () => {} };
    },
  };
  return self;
}

const bpftrace = (usable = true) =>
  source(({ line }) => line(JSON.stringify({ type: 'printf', data: 'UP\t1000\n' })), usable);
const bpf = () =>
  source(({ line }) => {
    line('{"note":{"kind":"up"}}');
    line('{"note":{"kind":"tick","bootMs":1}}');
  });

async function sensorWith(sources: { bpftrace: LineSource; bpf: LineSource }) {
  return await startSensor({
    host: 'test-host',
    boot: 'b1',
    clock: systemClock,
    exec,
    sink: () => {},
    kernel: { sources, selection: { parents: ['1'], containers: false } },
    collectors: ['bpftrace', 'bpf'],
  });
}

test('of two tracers of the kernel that both work only the first runs', async () => {
  const sources = { bpftrace: bpftrace(), bpf: bpf() };
  const sensor = await sensorWith(sources);
  expect([sources.bpftrace.started, sources.bpf.started]).toEqual([1, 0]);
  expect(sensor.coverage()).toMatchObject({ level: 'full', by: 'bpftrace' });
  await sensor.stop();
});

test('the second stands in where the first is not there', async () => {
  const sources = { bpftrace: bpftrace(false), bpf: bpf() };
  const sensor = await sensorWith(sources);
  expect([sources.bpftrace.started, sources.bpf.started]).toEqual([0, 1]);
  const coverage = sensor.coverage();
  expect(coverage).toMatchObject({ level: 'full', by: 'bpf' });
  expect(coverage.gaps.map(({ what }) => what).join()).not.toContain('not installed');
  await sensor.stop();
});

test('and where the first does not come up', async () => {
  const broken = source(() => {
    throw new SensorError('sensor-start', 'no tracepoints');
  });
  const sensor = await sensorWith({ bpftrace: broken, bpf: bpf() });
  expect(broken.started).toBe(1);
  expect(sensor.coverage()).toMatchObject({ level: 'full', by: 'bpf' });
  await sensor.stop();
});
