import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { learner } from '../../src/contract/index.js';
import { Observation } from '../../src/model/index.js';

interface Made {
  readonly observations: readonly Observation[];
  readonly teaching: number;
}

const { observations, service } = (await import(pathToFileURL(`${import.meta.dirname}/observations.mjs`).href)) as {
  readonly service: string;
  observations(size: { readonly count: number; readonly ids: number; readonly seed?: number }): Made;
};

test('what is measured are observations as agents send them, the same every time', () => {
  const made = observations({ count: 500, ids: 20 });
  for (const observation of made.observations) expect(Observation.parse(observation)).toEqual(observation);
  expect(observations({ count: 500, ids: 20 })).toEqual(made);
  expect(observations({ count: 500, ids: 20, seed: 2 })).not.toEqual(made);
});

test('the learner keeps as many of them as the generator says teach something, and no more', () => {
  const made = observations({ count: 5_000, ids: 20 });
  const learn = learner(service);
  const taught = made.observations.filter((observation) => learn.add(observation)).length;
  expect(taught).toBe(made.teaching);
  expect(made.teaching).toBeLessThan(made.observations.length);
  const { contract, observed, skipped } = learn.proposal();
  expect(observed).toBe(made.teaching);
  expect(skipped.map(({ what }) => what)).toContain('/bin/sh');
  expect(JSON.stringify(contract)).not.toContain('docker.sock');
});
