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
      const open = [...incidents.values()].filter(({ state }) => state !== 'closed').map((one) => Incident.parse(one));
      expect(open).toHaveLength(1);
      expect(new Set(open[0]?.signals.map(({ host }) => host))).toEqual(new Set(['alpha', 'beta']));
      expect(open[0]?.services).toEqual(expect.arrayContaining(['front', 'back']));
      expect(new Set(open[0]?.signals.map(({ id }) => id)).size).toBe(open[0]?.signals.length);
    }),
    { numRuns: 200 },
  );
});
