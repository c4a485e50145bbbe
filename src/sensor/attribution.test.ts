import { expect, test } from 'vitest';
import type { ProcessFacts } from '../base/index.js';
import { Registry } from './attribution.js';
import type { RawAct, RawEvent, RawProcess } from './raw-event.js';
import type { Target } from './target.js';

const container = 'ab'.repeat(32);
const target = (workload: string, more: Partial<Target> = {}): Target => ({
  workload,
  service: workload,
  identity: null,
  ...more,
});
const event = (process: RawProcess, act: RawAct = { kind: 'exit' }, bootMs = 1): RawEvent => ({
  source: 'test',
  at: { bootMs },
  process,
  act,
});
const exec = (path: string): RawAct => ({ kind: 'exec', path, args: [], truncated: false });
const facts = (...rows: [pid: number, ppid: number, start: number][]) => {
  const table = new Map<number, ProcessFacts>(
    rows.map(([pid, ppid, start]) => [pid, { pid, ppid, start, state: 'S', comm: 'x' }]),
  );
  return (pid: number) => table.get(pid);
};
const nobody = () => undefined;
const owner = (registry: Registry, raw: RawEvent) => {
  const answer = registry.attribute(raw);
  return answer.kind === 'ours' ? answer.attribution.target.workload : answer.kind;
};

test('the id the kernel stamped decides, also beneath the cgroup and for a process that is gone', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' } }));
  registry.note({ kind: 'cgroup', id: '11', parent: '10', name: 'child' });
  expect(owner(registry, event({ pid: 5, cgroup: '10' }))).toBe('a');
  expect(owner(registry, event({ pid: 6, cgroup: '11' }))).toBe('a');
  expect(owner(registry, event({ pid: 5, cgroup: '12' }))).toBe('unknown');
});

test('a container is known by the 64 digits in its cgroup name, under both drivers', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { container }));
  registry.note({ kind: 'cgroup', id: '20', parent: '1', name: `docker-${container}.scope` });
  registry.note({ kind: 'cgroup', id: '21', parent: '1', name: 'cd'.repeat(32) });
  expect(owner(registry, event({ pid: 5, cgroup: '20' }))).toBe('a');
  expect(owner(registry, event({ pid: 5, cgroup: '21' }))).toBe('foreign');
});

test('without a cgroup the descendants of the first process inherit, with their lineage', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { root: { pid: 100, start: 7 } }));
  expect(owner(registry, event({ pid: 100 }, { kind: 'fork', child: 101 }))).toBe('a');
  expect(owner(registry, event({ pid: 101 }, { kind: 'fork', child: 102 }))).toBe('a');
  const answer = registry.attribute(event({ pid: 102 }, exec('/bin/x')));
  expect(answer.kind === 'ours' && answer.attribution.lineage).toEqual([101, 100]);
});

test('a reused pid is not taken for the process that had it', () => {
  const registry = new Registry(facts([100, 1, 99]));
  registry.add(target('a', { root: { pid: 100, start: 7 } }));
  expect(owner(registry, event({ pid: 100, start: 99 }))).toBe('foreign');
  expect(owner(registry, event({ pid: 100, start: 7 }))).toBe('a');
});

test('a process nobody announced is found through its living ancestors', () => {
  const registry = new Registry(facts([300, 200, 9], [200, 100, 8], [100, 1, 7]));
  registry.add(target('a', { root: { pid: 100, start: 7 } }));
  expect(owner(registry, event({ pid: 300, start: 9 }))).toBe('a');
  expect(owner(registry, event({ pid: 301, start: 9 }))).toBe('foreign');
});

test("the launcher's own acts are set-up until COMMAND runs", () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' }, command: '/usr/bin/node' }));
  const at = { pid: 5, cgroup: '10' };
  expect(owner(registry, event(at, exec('/usr/bin/setpriv')))).toBe('setup');
  expect(owner(registry, event(at, exec('/usr/local/bin/node')))).toBe('a');
  expect(owner(registry, event(at, exec('/usr/bin/setpriv')))).toBe('a');
});

test('set-up does not last: a workload whose COMMAND was missed is seen all the same', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' }, command: 'never' }));
  expect(owner(registry, event({ pid: 5, cgroup: '10' }, exec('/x'), 1_000))).toBe('setup');
  expect(owner(registry, event({ pid: 5, cgroup: '10' }, exec('/x'), 22_000))).toBe('a');
});

test('the last events of a removed workload still belong to it', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' } }));
  registry.remove('a');
  expect(registry.all()).toEqual([]);
  expect(owner(registry, event({ pid: 5, cgroup: '10' }))).toBe('a');
});

test('two workloads cannot share a cgroup', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' } }));
  expect(() => registry.add(target('b', { cgroup: { id: '10', path: '/t/a' } }))).toThrow(
    expect.objectContaining({ code: 'sensor-registration' }),
  );
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' }, identity: 'spiffe://x/a' }));
});

test('what COMMAND did and was read before its execution is still its own', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' }, command: 'node' }));
  const opened = (path: string): RawAct => ({ kind: 'open', path, write: false, failed: false });
  const at = { pid: 5, cgroup: '10' };
  expect(owner(registry, event(at, opened('/launcher.js'), 10))).toBe('setup');
  expect(owner(registry, event(at, opened('/server.mjs'), 30))).toBe('setup');
  const answer = registry.attribute(event(at, exec('/usr/bin/node'), 20));
  const early = answer.kind === 'ours' ? (answer.early ?? []) : [];
  expect(early.map(({ act }) => act.kind === 'open' && act.path)).toEqual(['/server.mjs']);
  expect(early.map((one) => owner(registry, one))).toEqual(['a']);
});

test('a refused execution of COMMAND does not begin it', () => {
  const registry = new Registry(nobody);
  registry.add(target('a', { cgroup: { id: '10', path: '/t/a' }, command: 'node' }));
  const refused: RawAct = { kind: 'exec', path: '/usr/bin/node', args: [], truncated: false, refused: true };
  expect(owner(registry, event({ pid: 5, cgroup: '10' }, refused))).toBe('setup');
});
