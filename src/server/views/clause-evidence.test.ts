import { expect, test } from 'vitest';
import { type ClauseEvidence, emptyContract } from '../../contract/index.js';
import type { Contract } from '../../model/index.js';
import { evidenceAnswer, evidenceOf } from './clause-evidence.js';

const evidence: ClauseEvidence = {
  firstSeen: 1,
  lastSeen: 2,
  count: 2,
  callers: ['orders'],
  sample: 'h:b:1',
  sampleText: 'GET /reset/4711 by orders',
};
const withPath = (path: string): Contract => ({
  ...emptyContract('payments', 'learn'),
  api: { serves: [{ id: 'get-a', methods: ['GET'], path, from: [{ service: 'orders' }] }], calls: [] },
});
const learned = { contract: withPath('/a'), evidence: new Map([['get-a', evidence]]) };

test('evidence speaks for the clause it was learned for, not for another of the same name', () => {
  expect(evidenceOf(withPath('/a'), learned).get('get-a')).toEqual(evidence);
  expect(evidenceOf(withPath('/a/**'), learned).size).toBe(0);
  expect(evidenceOf(withPath('/a'), undefined).size).toBe(0);
});

test('a single request is shown only to whoever may read observations', () => {
  expect(evidenceAnswer(evidence, true).sample).toEqual({ observation: 'h:b:1', text: 'GET /reset/4711 by orders' });
  expect(evidenceAnswer(evidence, false)).toEqual({
    firstSeen: 1,
    lastSeen: 2,
    count: 2,
    callers: ['orders'],
    sample: null,
  });
});
