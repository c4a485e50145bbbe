import { expect, test } from 'vitest';
import { type CollectorState, runtimeCoverage, sightOf } from './coverage.js';

const state = (name: CollectorState['name'], seeing: boolean, more: Partial<CollectorState> = {}): CollectorState => ({
  name,
  usable: seeing,
  seeing,
  gaps: [{ what: `${name} gap`, fix: null }],
  ...more,
});

test('full only where the kernel tracer sees every workload', () => {
  const all = [state('bpftrace', true), state('strace', true), state('proc', true)];
  expect(runtimeCoverage(all, [{ workload: 'a', by: 'bpftrace' }])).toMatchObject({ level: 'full', by: 'bpftrace' });
  expect(
    runtimeCoverage(all, [
      { workload: 'a', by: 'bpftrace' },
      { workload: 'b', by: 'proc' },
    ]),
  ).toMatchObject({ level: 'partial', by: 'bpftrace, proc' });
  const unwatched = runtimeCoverage(all, [{ workload: 'a', by: null }]);
  expect(unwatched.level).toBe('partial');
  expect(unwatched.gaps[0]?.what).toBe('workload a is not watched');
});

test('a weaker rung names the stronger ones with the command that would bring them', () => {
  const coverage = runtimeCoverage([
    state('bpftrace', false, { reason: 'bpftrace is not installed', fix: 'apt-get install bpftrace' }),
    state('proc', true),
  ]);
  expect(coverage).toMatchObject({ level: 'partial', by: 'proc' });
  expect(coverage.gaps).toContainEqual({
    what: 'bpftrace: bpftrace is not installed',
    fix: 'apt-get install bpftrace',
  });
  expect(coverage.gaps).toContainEqual({ what: 'proc gap', fix: null });
});

test('a tracer of the kernel that is missing beside another is no gap', () => {
  const coverage = runtimeCoverage(
    [state('bpftrace', false, { reason: 'bpftrace is not installed' }), state('bpf', true), state('proc', true)],
    [{ workload: 'a', by: 'bpf' }],
  );
  expect(coverage).toEqual({ level: 'full', by: 'bpf', gaps: [{ what: 'bpf gap', fix: null }] });
});

test('nothing that runs is none, with reasons', () => {
  expect(runtimeCoverage([state('proc', false, { reason: '/proc is not mounted' })])).toEqual({
    level: 'none',
    by: '',
    gaps: [{ what: 'proc: /proc is not mounted', fix: null }],
  });
  expect(runtimeCoverage([]).gaps).toHaveLength(1);
});

test('who was blind a moment ago is not full: what happened meanwhile was not seen', () => {
  const wasBlind = 'did not see for 900 ms, until 12:00:00 UTC';
  const coverage = runtimeCoverage([state('bpftrace', true, { wasBlind })], [{ workload: 'a', by: 'bpftrace' }]);
  expect(coverage).toMatchObject({ level: 'partial', by: 'bpftrace' });
  expect(coverage.gaps[0]).toEqual({ what: `bpftrace: ${wasBlind}`, fix: null });
});

test('sight is as old as that of the youngest among those who watch', () => {
  const all = [state('bpftrace', true, { since: 200 }), state('proc', true, { since: 300 }), state('strace', true)];
  expect(sightOf(all)).toEqual({ by: 'bpftrace', since: 200 });
  expect(sightOf(all, [{ workload: 'a', by: 'bpftrace' }])).toEqual({ by: 'bpftrace', since: 200 });
  const both = [
    { workload: 'a', by: 'bpftrace' },
    { workload: 'b', by: 'proc' },
  ] as const;
  expect(sightOf(all, both)).toEqual({ by: 'bpftrace, proc', since: 300 });
  expect(sightOf([state('bpftrace', false), state('proc', false)])).toEqual({ by: '', since: null });
});
