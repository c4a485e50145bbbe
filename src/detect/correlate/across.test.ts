import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exec, open, request, rows, t0 } from '../../../test/fakes/detect-attack.js';
import { manualClock } from '../../base/index.js';
import { Incident, type Observation } from '../../model/index.js';
import { detector } from '../detector.js';
import { correlator } from './correlator.js';

const verdict = { effect: 'allow', contract: 'any', version: 1, clause: null, reason: 'allowed' } as const;
const refused = { ...verdict, effect: 'would-deny', reason: 'path' } as const;
const trace = 'a'.repeat(32);

/** A shell in front, and by an allowed call of the same trace a shell in back, which then leaves its contract. */
function attack(): Observation[] {
  const row = rows('across', 0);
  const on = (host: string, observation: Observation): Observation => ({ ...observation, host });
  return [
    on('alpha', row(10, 'front-h-1', exec('/bin/sh'), { pid: 7 })),
    on('alpha', row(11, 'front-h-1', open('/etc/shadow'), { pid: 7 })),
    on('alpha', row(12, 'front-h-1', request('out', 'GET', '/odd', 'back', 200, 1, refused), {}, 'api')),
    on('beta', row(30, 'back-h-1', exec('/bin/sh'), { pid: 8 })),
    on('beta', row(31, 'back-h-1', open('/etc/shadow'), { pid: 8 })),
    on('beta', row(32, 'back-h-1', request('out', 'GET', '/odd', 'store', 200, 1, refused), {}, 'api')),
    on('beta', row(25, 'back-h-1', request('in', 'GET', '/shell', 'front', 200, 20, verdict), { trace }, 'api')),
    on('alpha', row(20, 'front-h-1', request('out', 'GET', '/shell', 'back', 200, 30, verdict), { trace }, 'api')),
    on('alpha', row(5, 'front-h-1', request('in', 'GET', '/', 'gateway', 200, 60, verdict), { trace }, 'api')),
  ];
}

test('an attack that goes on through an allowed call is one incident over both hosts, in any order of arrival', () => {
  const all = attack();
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
      const open = opened(order);
      expect(open).toHaveLength(1);
      expect(new Set(open[0]?.signals.map(({ host }) => host))).toEqual(new Set(['alpha', 'beta']));
      expect(open[0]?.services).toEqual(expect.arrayContaining(['front', 'back']));
      expect(new Set(open[0]?.signals.map(({ id }) => id)).size).toBe(open[0]?.signals.length);
    }),
    { numRuns: 200 },
  );
});

/** The same odd thing at the same moment in two services that have nothing to do with each other. */
function unrelated(): Observation[] {
  const row = rows('apart', 0);
  const one = (service: string, host: string, pid: number, own: string, at: number): Observation[] =>
    [
      row(at, `${service}-h-1`, exec('/bin/sh'), { pid }),
      row(at + 1, `${service}-h-1`, open('/etc/shadow'), { pid }),
      row(at + 2, `${service}-h-1`, request('out', 'GET', '/odd', 'store', 200, 3, refused), { trace: own }, 'api'),
      row(at + 3, 'store-h-1', request('in', 'GET', '/odd', service, 200, 1, verdict), { trace: own }, 'api'),
      row(at - 5, `${service}-h-1`, request('in', 'GET', '/', 'gateway', 200, 60, verdict), { trace: own }, 'api'),
    ].map((observation) => ({ ...observation, host: observation.service === 'store' ? 'gamma' : host }));
  return [...one('left', 'alpha', 7, 'b'.repeat(32), 10), ...one('right', 'beta', 7, 'c'.repeat(32), 10)];
}

test('two requests of different traces in two services stay two incidents, though all is at the same time', () => {
  const all = unrelated();
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
      const open = opened(order);
      expect(open.map(({ services }) => services.filter((service) => service !== 'store')).toSorted()).toEqual([
        ['left'],
        ['right'],
      ]);
      for (const { signals } of open) expect(new Set(signals.map(({ host }) => host)).size).toBe(1);
    }),
    { numRuns: 200 },
  );
});

/** The incidents that are open once all of it was told in this order. */
function opened(order: readonly Observation[]): Incident[] {
  let number = 0;
  const judge = detector();
  const correlate = correlator({
    clock: manualClock(t0),
    allocate: () => {
      number += 1;
      return `INC-${number}`;
    },
  });
  const incidents = new Map<string, Incident>();
  for (const row of order)
    for (const incident of correlate.add(row, judge.judge(row, {}))) incidents.set(incident.id, incident);
  return [...incidents.values()].filter(({ state }) => state !== 'closed').map((one) => Incident.parse(one));
}
