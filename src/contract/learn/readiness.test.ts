import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readinessOf } from './readiness.js';

const often = Array.from({ length: 20 }, () => 1_000);

test('a service that was seen long, often and more than once is ready', () => {
  const ready = readinessOf('api', { counts: often, days: 8, starts: 3 });
  expect(ready).toMatchObject({ value: 1, observed: 20_000, reasons: [] });
  expect(ready.unseen).toBeCloseTo(3 / 20_000, 6);
});

test('each thing that is missing lowers it, and is said', () => {
  const half = readinessOf('api', { counts: often, days: 7, starts: 1 });
  expect(half).toMatchObject({ value: 0.5, reasons: ['no restart, replica or deployment took part'] });
  const day = readinessOf('api', { counts: often, days: 1, starts: 2 });
  expect(day).toMatchObject({ value: 0.143, reasons: ['seen on 1 of 7 different days'] });
  const singles = readinessOf('api', {
    counts: [...often, ...Array.from({ length: 400 }, () => 1)],
    days: 7,
    starts: 2,
  });
  expect(singles.value).toBeLessThan(0.6);
  expect(singles.reasons).toEqual(['up to one in 46 things that it does may not be covered']);
  expect(readinessOf('api', { counts: [1, 1], days: 7, starts: 2 })).toMatchObject({ value: 0, unseen: 1 });
  expect(readinessOf('runtime', { counts: [], days: 0, starts: 0 })).toMatchObject({ value: null, unseen: null });
});

test('more of the same never makes a service less ready', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 50 }),
      fc.nat(10),
      fc.nat(5),
      fc.nat(49),
      (counts, days, starts, which) => {
        const before = readinessOf('api', { counts, days, starts });
        const again = counts.map((count, index) => (index === which % counts.length ? count + 1 : count));
        for (const after of [
          readinessOf('api', { counts: again, days, starts }),
          readinessOf('api', { counts, days: days + 1, starts }),
          readinessOf('api', { counts, days, starts: starts + 1 }),
        ]) {
          expect(after.value ?? 0).toBeGreaterThanOrEqual(before.value ?? 0);
          expect(after.value).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});
