import { expect, test } from 'vitest';
import { systemClock } from '../../base/index.js';
import type { LineHandlers, LineSource, Selection } from '../line-source.js';
import type { RawEvent } from '../raw-event.js';
import { kernelCollector } from './kernel.js';

const row = (data: string) => JSON.stringify({ type: 'printf', data: `${data}\n` });

/** A tracer that says what the test makes it say. */
class FakeSource implements LineSource {
  readonly tracers: { readonly selection: Selection; readonly handlers: LineHandlers; stopped: boolean }[] = [];
  comesUp = true;

  async probe() {
    return { usable: true };
  }

  async start(selection: Selection, handlers: LineHandlers) {
    const tracer = { selection, handlers, stopped: false };
    this.tracers.push(tracer);
    if (this.comesUp) handlers.line(row('UP\t1000000000000'));
    else handlers.end('no kernel\u001b[2J');
    return {
      stop: async () => {
        tracer.stopped = true;
      },
    };
  }
}

function collecting() {
  const events: RawEvent[] = [];
  const states: string[] = [];
  let wake = () => {};
  const sink = {
    event: (event: RawEvent) => void events.push(event),
    note: () => {},
    state: (state: { kind: string; detail: string }) => {
      states.push(state.kind);
      wake();
    },
  };
  const reaches = (kind: string) =>
    new Promise<void>((resolve) => {
      wake = () => states.includes(kind) && resolve();
      wake();
    });
  return { events, states, sink, reaches };
}

const selection = { parents: ['1'], containers: false };

test('a tracer that does not come up is an error with its reason', async () => {
  const source = new FakeSource();
  source.comesUp = false;
  const { sink } = collecting();
  await expect(
    kernelCollector('bpftrace', { source, clock: systemClock, selection }).start(sink),
  ).rejects.toMatchObject({
    code: 'sensor-start',
    message: expect.stringContaining('no kernel'),
  });
});

test('a tracer that ends is replaced, and the blindness is told', async () => {
  const source = new FakeSource();
  const { sink, states, reaches } = collecting();
  const running = await kernelCollector('bpftrace', { source, clock: systemClock, selection }).start(sink);
  const target = { workload: 'w', service: 'w', identity: null, cgroup: { id: '1', path: '/' } };
  expect(running.watches(target)).toBe(true);
  source.tracers[0]?.handlers.end('killed');
  expect(running.watches(target)).toBe(false);
  await reaches('seeing');
  expect(states).toEqual(['blind', 'seeing']);
  expect(running.watches(target)).toBe(true);
  await running.stop();
  expect(source.tracers[1]?.stopped).toBe(true);
});

test('a silent tracer counts as gone', async () => {
  const source = new FakeSource();
  const { sink, states, reaches } = collecting();
  let monotonic = 0;
  const clock = { now: () => monotonic, monotonic: () => monotonic };
  const running = await kernelCollector('bpftrace', { source, clock, selection, silenceMs: 5_000 }).start(sink);
  monotonic = 6_000;
  await reaches('seeing');
  expect(states).toEqual(['blind', 'seeing']);
  expect(source.tracers[0]?.stopped).toBe(true);
  await running.stop();
});

test('a change of selection starts the new tracer first and passes every act on exactly once', async () => {
  const source = new FakeSource();
  const { sink, events } = collecting();
  let monotonic = 0;
  const clock = { now: () => monotonic, monotonic: () => monotonic };
  const running = await kernelCollector('bpftrace', { source, clock, selection }).start(sink);
  const [first] = source.tracers;
  const exit = (pid: number, bootMs: number) => row(`XT\t${Math.round(bootMs * 1e6)}\t${pid}\t1\t1\t0`);
  first?.handlers.line(exit(1, 1_000_001));
  const changed = running.reselect({ parents: ['2'], containers: false });
  await new Promise((resolve) => setImmediate(resolve));
  const second = source.tracers[1];
  expect(second?.selection.parents).toEqual(['2']);
  // The hand-over is 250 ms after the new tracer's first word (1,000,000 ms after boot).
  for (const tracer of [first, second]) {
    tracer?.handlers.line(exit(2, 1_000_100));
    tracer?.handlers.line(exit(3, 1_000_250 + (tracer === first ? 0.2 : -0.3)));
    tracer?.handlers.line(exit(4, 1_000_400));
  }
  monotonic = 500;
  first?.handlers.line(row('TK\t1000500000000'));
  await changed;
  expect(first?.stopped).toBe(true);
  first?.handlers.line(exit(5, 1_000_600));
  second?.handlers.line(exit(6, 1_000_600));
  expect(events.map(({ process }) => process.pid).sort()).toEqual([1, 2, 3, 4, 6]);
  await running.stop();
});
