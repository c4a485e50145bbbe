import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Observation } from '../../model/index.js';
import { type Evidence, Facts, joinEvidence } from './facts.js';

const sightings = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 5 }),
    id: fc.stringMatching(/^[a-d]{1,2}$/),
    caller: fc.option(
      fc.integer({ min: 10, max: 40 }).map((number) => `caller-${number}`),
      { nil: undefined },
    ),
  }),
  { minLength: 1, maxLength: 60 },
);

test('what is seen again and again says what all of it together says, in whatever order it comes', () => {
  fc.assert(
    fc.property(
      sightings.chain((seen) => fc.tuple(fc.constant(seen), fc.shuffledSubarray(seen, { minLength: seen.length }))),
      ([seen, shuffled]) => {
        const together = joinEvidence(seen.map(alone));
        expect(folded(seen)).toEqual(together);
        expect(folded(shuffled)).toEqual(together);
      },
    ),
  );
});

interface Sighting {
  readonly at: number;
  readonly id: string;
  readonly caller: string | undefined;
}

function folded(seen: readonly Sighting[]): Evidence | undefined {
  const facts = new Facts<string>();
  for (const { at, id, caller } of seen) facts.add('key', 'value', caller, observation(at, id));
  return facts.sorted()[0]?.evidence;
}

function alone({ at, id, caller }: Sighting): Evidence {
  return { firstSeen: at, lastSeen: at, count: 1, callers: caller === undefined ? [] : [caller], sample: id };
}

function observation(at: number, id: string): Observation {
  return Observation.parse({
    id,
    at,
    host: 'h',
    layer: 'runtime',
    service: 'payments',
    workload: null,
    identity: null,
    source: 'bpf',
    join: {},
    event: { kind: 'exec', path: '/usr/bin/id', args: [] },
  });
}
