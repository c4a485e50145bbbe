import { expect, test } from 'vitest';
import { attack, rows, t0, request, id } from '../../../test/fakes/detect-attack.js';
import { manualClock } from '../../base/index.js';
import { type CompiledContract, compileContract, emptyContract, initialVersion } from '../../contract/index.js';
import type { Incident, Observation } from '../../model/index.js';
import { detector } from '../detector.js';
import { correlator } from './correlator.js';

const hour = 3_600_000;
const contract: CompiledContract = compileContract({
  ...initialVersion('catalog', 'ana', 0),
  contract: {
    ...emptyContract('catalog', 'audit'),
    runtime: { executables: [{ id: 'node', path: '/usr/bin/node' }], files: [] },
  },
});

/** Feeds rows as they happen; after `before` of them somebody sets the clock, and their times follow it. */
function live(happened: readonly Observation[], before: number, jumpMs: number): Incident[] {
  const clock = manualClock(t0);
  let number = 0;
  const judge = detector();
  const correlate = correlator({
    clock,
    allocate: () => {
      number += 1;
      return `INC-${number}`;
    },
  });
  const incidents = new Map<string, Incident>();
  happened.forEach((row, index) => {
    clock.advance(20);
    if (index === before) clock.jump(jumpMs);
    const seen = index < before ? row : { ...row, at: row.at + jumpMs };
    for (const incident of correlate.add(seen, judge.judge(seen, { contract }))) incidents.set(incident.id, incident);
  });
  return [...incidents.values()].filter(({ state }) => state !== 'closed');
}

for (const [name, jumpMs] of [
  ['forward', hour],
  ['back', -hour],
] as const)
  test(`an attack stays one incident when the clock is set an hour ${name} at any point of it`, () => {
    const happened = attack();
    const [whole] = live(happened, happened.length, 0);
    const seen = (incident: Incident | undefined) =>
      incident?.signals
        .filter(({ rule }) => rule !== 'initial-access')
        .map(({ observation }) => observation)
        .sort();
    for (let before = 0; before <= happened.length; before += 1) {
      const incidents = live(happened, before, jumpMs);
      expect([before, incidents.map(({ id }) => id)]).toEqual([before, ['INC-1']]);
      expect(seen(incidents[0])).toEqual(seen(whole));
    }
  });

test('rows that tell of the past, as a spool does, are joined by their own times alone', () => {
  const clock = manualClock(t0 + 24 * hour);
  let number = 0;
  const judge = detector();
  const correlate = correlator({
    clock,
    allocate: () => {
      number += 1;
      return `INC-${number}`;
    },
  });
  const opened = new Set<string>();
  for (const row of [
    ...attack(),
    ...attack({ run: '1', offset: hour }).map((each) => ({ ...each, id: `${each.id}b` })),
  ])
    for (const incident of correlate.add(row, judge.judge(row, { contract }))) opened.add(incident.id);
  expect([...opened]).toEqual(['INC-1', 'INC-2']);
});

test('a caller is still known by its identity after the clock was set', () => {
  const verdict = {
    effect: 'deny',
    contract: 'payments',
    version: 1,
    clause: null,
    reason: 'caller-not-listed',
  } as const;
  const row = rows('after', 0);
  const refused = row(
    70,
    'payments-h-1',
    request('in', 'POST', '/refunds', 'catalog', 403, 1, verdict),
    { caller: id('catalog') },
    'api',
  );
  const happened = [...attack(), refused];
  for (const jumpMs of [hour, -hour]) {
    const [incident, ...others] = live(happened, happened.length - 1, jumpMs);
    expect(others).toEqual([]);
    expect(incident?.signals.map(({ observation }) => observation)).toContain(refused.id);
  }
});
