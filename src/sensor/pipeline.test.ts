import { expect, test } from 'vitest';
import { manualClock } from '../base/index.js';
import type { Observation } from '../model/index.js';
import { Registry } from './attribution.js';
import { Pipeline } from './pipeline.js';
import type { RawAct, RawEvent, RawProcess } from './raw-event.js';

function build(rate?: number) {
  const clock = manualClock(1_000_000);
  const registry = new Registry(() => undefined);
  registry.add({ workload: 'w', service: 'web', identity: 'spiffe://t/web', cgroup: { id: '10', path: '/t/w' } });
  const out: Observation[] = [];
  const pipeline = new Pipeline({
    host: 'h',
    boot: 'b',
    clock,
    registry,
    sink: (one) => out.push(one),
    hostClock: clock,
    ...(rate === undefined ? {} : { rate }),
  });
  const send = (act: RawAct, process: Partial<RawProcess> = {}, bootMs = 5_000) => {
    const event: RawEvent = {
      source: 'bpftrace',
      at: { bootMs },
      process: { pid: 4, start: 2, cgroup: '10', ...process },
      act,
    };
    pipeline.event(event);
  };
  return { clock, registry, out, pipeline, send };
}
const open = (path: string): RawAct => ({ kind: 'open', path, write: false, failed: false });

test('an act that names itself is the same observation when it is seen again', () => {
  const { out, pipeline } = build();
  const event: RawEvent = {
    source: 'strace',
    at: { wallMs: 1 },
    process: { pid: 4 },
    act: open('/a'),
    workload: 'w',
    key: 'abc',
  };
  pipeline.event(event);
  pipeline.event(event);
  expect(out.map(({ id }) => id)).toEqual(['h:abc', 'h:abc']);
});

test('numbers observations and carries the join keys', () => {
  const { out, send } = build();
  send({
    kind: 'connect',
    protocol: 'tcp',
    local: { address: '10.0.0.1', port: 5 },
    peer: { address: '::ffff:10.0.0.2', port: 80 },
    failed: false,
  });
  send({ kind: 'exit', status: 3 });
  expect(out.map(({ id }) => id)).toEqual(['h:b:1', 'h:b:2']);
  expect(out[0]).toMatchObject({
    layer: 'runtime',
    service: 'web',
    workload: 'w',
    identity: 'spiffe://t/web',
    join: {
      pid: 4,
      start: 2,
      cgroup: '/t/w',
      socket: { local: { address: '10.0.0.1', port: 5 }, peer: { address: '10.0.0.2', port: 80 } },
    },
    event: { kind: 'connect', address: '10.0.0.2', port: 80 },
  });
});

test('makes paths absolute where the directory is known, and only there', () => {
  const { out, send } = build();
  send(open('../shadow'), { cwd: '/etc/app' });
  send(open('/app/../../etc//shadow'));
  send(open('config'));
  expect(out.map(({ event }) => event.kind === 'open' && event.path)).toEqual(['/etc/shadow', '/etc/shadow', 'config']);
});

test('bounds every text', () => {
  const { out, send, pipeline } = build();
  send(open(`/${'x'.repeat(10_000)}`));
  send({
    kind: 'exec',
    path: '/x',
    args: Array(300).fill('y'.repeat(5_000)),
    truncated: false,
    parent: 'z'.repeat(100),
  });
  send({ kind: 'connect', protocol: 'unix', peer: { address: 'u'.repeat(300), port: 0 }, failed: false });
  expect(out).toHaveLength(3);
  expect(pipeline.lost).toBe(0);
  expect(out[1]?.event).toMatchObject({ truncated: true });
});

test('what cannot be expressed is counted as lost and said', () => {
  const { out, send, pipeline } = build();
  send({ kind: 'accept', local: { address: '1', port: 1 }, peer: { address: '1', port: 99_999 } });
  pipeline.note({ kind: 'lost', count: 41 });
  pipeline.beat();
  expect(out.at(-1)?.event).toMatchObject({ kind: 'sensor', state: 'lost', lost: 42 });
  pipeline.beat();
  expect(out).toHaveLength(1);
});

test('a workload that floods loses its own events, with the number', () => {
  const { out, send, pipeline, clock } = build(10);
  for (let n = 0; n < 100; n += 1) send(open(`/${n}`));
  expect(out).toHaveLength(20);
  pipeline.beat();
  expect(out.at(-1)?.event).toMatchObject({ lost: 80 });
  clock.advance(1_000);
  send(open('/again'));
  expect(out.at(-1)?.event).toMatchObject({ kind: 'open' });
});

test('events wait for the registration, and come out unattributed when none arrives', () => {
  const { out, send, registry, pipeline, clock } = build();
  send(open('/a'), { cgroup: '77' });
  send(open('/b'), { cgroup: '78' });
  expect(out).toEqual([]);
  registry.add({ workload: 'v', service: 'v', identity: null, cgroup: { id: '77', path: '/t/v' } });
  expect(out.map(({ workload }) => workload)).toEqual(['v']);
  clock.advance(20_000);
  pipeline.beat();
  expect(out[1]).toMatchObject({ workload: null, service: null, join: { cgroup: '78' } });
});

test('a step of the wall clock moves what comes after it and nothing else', () => {
  let wall = 1_000_000;
  let monotonic = 0;
  const out: Observation[] = [];
  const registry = new Registry(() => undefined);
  registry.add({ workload: 'w', service: 'web', identity: null, cgroup: { id: '10', path: '/t/w' } });
  const clock = { now: () => wall, monotonic: () => monotonic };
  const pipeline = new Pipeline({ host: 'h', boot: 'b', clock, registry, sink: (one) => out.push(one) });
  const at = (bootMs: number) =>
    pipeline.event({ source: 'bpftrace', at: { bootMs }, process: { pid: 1, cgroup: '10' }, act: { kind: 'exit' } });
  at(500_000);
  wall += 100;
  monotonic += 100;
  at(500_040); // took 60 ms to arrive
  wall += 3_600_000; // stepped an hour on
  at(500_100);
  expect(out.map((one) => one.at)).toEqual([1_000_000, 1_000_040, 4_600_100]);
});

test('an io_uring set-up is a blind spot, never silence', () => {
  const { out, send } = build();
  send({ kind: 'blind-spot', detail: 'io_uring' });
  expect(out[0]).toMatchObject({ workload: 'w', event: { kind: 'sensor', state: 'degraded', detail: 'io_uring' } });
});

test('names a refused system call', () => {
  const { out, send } = build();
  send({ kind: 'denied-syscall', number: 435 });
  send({ kind: 'denied-syscall', number: 9_999 });
  expect(out[0]?.event).toEqual({ kind: 'denied-syscall', number: 435, name: 'clone3' });
  expect(out[1]?.event).toEqual({ kind: 'denied-syscall', number: 9_999 });
});

test('a program of the upper layer is drift in a container only: a host may live on layers itself', () => {
  const { out, registry, send } = build();
  registry.add({ workload: 'c', service: 'boxed', identity: null, cgroup: { id: '11', path: '/t/c' }, layered: true });
  const run = (drift: 'layer' | 'memory'): RawAct => ({ kind: 'exec', path: '/a', args: [], truncated: false, drift });
  send(run('layer'));
  send(run('memory'));
  send(run('layer'), { pid: 5, cgroup: '11' });
  expect(out.map(({ event }) => (event.kind === 'exec' ? event.drift : 'other'))).toEqual([
    undefined,
    'memory',
    'layer',
  ]);
});
