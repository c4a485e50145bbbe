import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Signal } from '../../model/index.js';
import { foldSignals } from './fold.js';

let number = 0;
function signal(at: number, more: Partial<Signal> = {}): Signal {
  number += 1;
  return {
    id: `contract:h:${number}`,
    at,
    host: 'h',
    layer: 'runtime',
    service: 'catalog',
    workload: 'catalog-h-1',
    identity: null,
    rule: 'contract',
    kind: 'deviation',
    severity: 'low',
    tactic: 'TA0007',
    technique: 'T1083',
    title: 'catalog read a file its contract does not list',
    detail: '/srv/x, opened by cat',
    outcome: 'detected',
    observation: `h:${number}`,
    join: { pid: 9 },
    ...more,
  };
}
const shell = (at: number, pid: number) =>
  signal(at, { rule: 'RT-001', kind: 'rule', tactic: 'TA0002', title: 'catalog started a shell', join: { pid } });
const read = (at: number, path: string, pid = 9) => signal(at, { detail: `${path}, opened by sh`, join: { pid } });

test("a started program's loader files belong to its start, its other files do not", () => {
  const steps = foldSignals([
    shell(1, 9),
    read(2, '/etc/ld.so.cache'),
    read(3, '/lib/x86_64-linux-gnu/libc.so.6'),
    read(4, '/srv/a'),
    read(5, '/srv/b'),
  ]);
  expect(steps.map(({ sentence, signals }) => [sentence, signals.length])).toEqual([
    ['catalog started a shell', 3],
    ['catalog read a file its contract does not list, 2 times', 2],
  ]);
  expect(steps[1]?.targets).toEqual(['/srv/a, opened by sh', '/srv/b, opened by sh']);
});

test('a library opened by a program that is no deviation stays a step', () => {
  const steps = foldSignals([shell(1, 9), read(2, '/lib/evil.so', 77)]);
  expect(steps.map(({ sentence }) => sentence)).toEqual([
    'catalog started a shell',
    'catalog read a file its contract does not list',
  ]);
});

test('another rule, outcome or workload is never folded in, another layer in between does not part what belongs together', () => {
  const kinds = foldSignals([
    read(1, '/a'),
    signal(2, { layer: 'network', tactic: 'TA0011' }),
    read(3, '/b'),
    signal(4, { outcome: 'refused' }),
    signal(5, { workload: 'catalog-h-2' }),
    signal(6, { rule: 'RT-005' }),
  ]);
  expect(kinds.map(({ signals }) => signals.length)).toEqual([2, 1, 1, 1, 1]);
});

test('what came again after a break is a chapter of its own', () => {
  const steps = foldSignals([read(1, '/a'), read(2, '/b'), read(20, '/a')], [10, 5_000, 0]);
  expect(steps.map(({ chapter, signals }) => [chapter, signals.length])).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test('every signal is in exactly one step, whatever the order, and what is said is bounded', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ at: fc.nat(50), pid: fc.nat(3), start: fc.boolean(), path: fc.constantFrom('/a', '/lib/b.so') }),
      ),
      fc.array(fc.nat(50), { maxLength: 3 }),
      (acts, breaks) => {
        const all = acts.map(({ at, pid, start, path }) => (start ? shell(at, pid) : read(at, path, pid)));
        const steps = foldSignals(all, breaks);
        const told = steps.flatMap(({ signals }) => signals.map(({ id }) => id));
        expect(told.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        expect(foldSignals(all.toReversed(), breaks)).toEqual(steps);
        expect(steps.every(({ lead, signals, targets }) => signals[0] === lead && targets.length <= 20)).toBe(true);
      },
    ),
  );
});
