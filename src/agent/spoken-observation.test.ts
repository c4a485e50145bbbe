import { expect, test } from 'vitest';
import { Observation } from '../model/index.js';
import { spokenObservation } from './spoken-observation.js';

const verdict = { effect: 'deny', contract: 's', version: 1, clause: null, reason: 'path', decisionId: 'd' } as const;
const observation = (said: object) =>
  Observation.parse({
    id: 'h:b:1',
    at: 1,
    host: 'h',
    layer: 'api',
    service: 's',
    workload: null,
    identity: null,
    source: 'sidecar',
    join: {},
    event: { kind: 'request', direction: 'in', method: 'GET', path: '/', verdict: { ...verdict, ...said } },
  });

test('what a decision rests on goes to control planes that have a place for it', () => {
  const full = observation({
    digest: 'sha256:0',
    mode: 'enforce',
    attributes: { a: 'b' },
    claims: { c: 1 },
    host: 'x',
  });
  expect(spokenObservation(full, 2)).toBe(full);
  expect(spokenObservation(full, 1)).toEqual(observation({}));
});
