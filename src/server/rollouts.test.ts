import { describe, expect, test } from 'vitest';
import type { Observation } from '../model/index.js';
import type { KeptRollout } from '../store/index.js';
import { refusedAtLeast, withDecisions } from './rollouts.js';

const rollout: KeptRollout = {
  id: 'r',
  service: 'stock',
  version: 2,
  digest: 'd',
  stage: { percent: 10 },
  most: 0.01,
  begunBy: 'ana',
  begunAt: 0,
  endedBy: null,
  endedAt: null,
  endedWhy: null,
  counts: { compared: 0, refused: 0, passed: 0 },
  flips: [],
};
type Effect = 'allow' | 'would-deny' | 'deny';
const said = (version: number, effect: Effect, reason = effect === 'allow' ? 'allowed' : 'path') => ({
  version,
  effect,
  clause: null,
  reason,
});

let number = 0;
function seen(held: ReturnType<typeof said>, shadow: ReturnType<typeof said> | undefined, path = '/a'): Observation {
  number += 1;
  return {
    id: `h:1:${number}`,
    at: number,
    host: 'h',
    layer: 'api',
    service: 'stock',
    workload: 'w',
    identity: null,
    source: 'sidecar',
    join: {},
    event: {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path,
      peer: 'shop',
      verdict: { ...held, contract: 'stock', ...(shadow === undefined ? {} : { shadow }) },
    },
  };
}

describe('decisions of two versions', () => {
  test('are the candidate’s refusals and passes, whichever of the two was held', () => {
    const counted = withDecisions(rollout, [
      seen(said(1, 'allow'), said(2, 'allow')),
      seen(said(1, 'allow'), said(2, 'deny')),
      seen(said(2, 'deny'), said(1, 'allow')),
      seen(said(2, 'allow'), said(1, 'deny')),
      seen(said(1, 'deny'), said(2, 'would-deny')),
    ]);
    expect(counted?.counts).toEqual({ compared: 5, refused: 2, passed: 1 });
    expect(counted?.flips).toMatchObject([
      { to: 'refused', what: 'GET /a', peer: 'shop', reason: 'path', count: 2, last: expect.stringContaining('h:1:') },
      { to: 'passed', count: 1, reason: 'allowed' },
    ]);
  });

  test('one that learns, or lets pass and tells, refuses nothing', () => {
    const counted = withDecisions(rollout, [
      seen(said(1, 'would-deny', 'learning'), said(2, 'deny')),
      seen(said(1, 'allow'), said(2, 'would-deny', 'audited')),
    ]);
    expect(counted?.counts).toEqual({ compared: 2, refused: 1, passed: 0 });
  });

  test('of other versions, without a second one, or of the end of a connection are not counted', () => {
    const flow = seen(said(1, 'allow'), said(2, 'deny'));
    const { verdict } = flow.event as Extract<Observation['event'], { kind: 'request' }>;
    const ended: Observation = {
      ...flow,
      event: { kind: 'flow', direction: 'in', address: '10.0.0.1', port: 1, mtls: true, durationMs: 4, verdict },
    };
    expect(
      withDecisions(rollout, [seen(said(1, 'allow'), said(3, 'deny')), seen(said(1, 'allow'), undefined), ended]),
    ).toBeUndefined();
  });

  test('of more kinds than are listed all are counted', () => {
    const many = Array.from({ length: 500 }, (_, index) => seen(said(1, 'allow'), said(2, 'deny'), `/${index}`));
    const counted = withDecisions(rollout, many);
    expect([counted?.counts.refused, counted?.flips.length]).toEqual([500, 200]);
  });
});

test('the share that is refused at least is the lower end of Wilson’s interval', () => {
  expect(refusedAtLeast({ compared: 0, refused: 0, passed: 0 })).toBe(0);
  expect(refusedAtLeast({ compared: 100, refused: 0, passed: 9 })).toBe(0);
  // Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 and 15 of 148.
  expect(refusedAtLeast({ compared: 263, refused: 81, passed: 0 })).toBeCloseTo(0.2553, 4);
  expect(refusedAtLeast({ compared: 148, refused: 15, passed: 0 })).toBeCloseTo(0.0624, 4);
});
