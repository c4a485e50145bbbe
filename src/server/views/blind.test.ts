import { expect, test } from 'vitest';
import type { Observation } from '../../model/index.js';
import { blindSpans } from './blind.js';

let number = 0;
function said(at: number, event: object, more: Partial<Observation> = {}): Observation {
  number += 1;
  return {
    id: `h:b:${number}`,
    at,
    host: 'h1',
    layer: 'runtime',
    service: null,
    workload: null,
    identity: null,
    source: 'bpftrace',
    join: {},
    event: { kind: 'sensor', ...event } as Observation['event'],
    ...more,
  };
}

test('says of each host what its sensor did not see, once, with the first and last time', () => {
  const spans = blindSpans(
    [
      said(9, { state: 'lost', lost: 2 }, { host: 'h2', source: 'sensor' }),
      said(5, { state: 'stopped' }),
      said(3, { state: 'lost', lost: 4 }, { source: 'sensor' }),
      said(2, { state: 'lost', lost: 3 }, { source: 'sensor' }),
      said(1, { state: 'started' }),
    ],
    'orders',
  );
  expect(spans).toEqual([
    { host: 'h2', since: 9, until: 9, sentence: 'h2: 2 events of the sensor were lost' },
    { host: 'h1', since: 5, until: 5, sentence: 'h1: bpftrace stopped watching' },
    { host: 'h1', since: 2, until: 3, sentence: 'h1: 7 events of the sensor were lost' },
  ]);
});

test('a blind spot in a workload of another service is not ours, and its words are escaped', () => {
  const spot = { state: 'degraded', detail: 'io_uring\u001b[2J' };
  const spans = blindSpans([said(1, spot, { service: 'orders' }), said(2, spot, { service: 'web' })], 'orders');
  expect(spans).toEqual([
    { host: 'h1', since: 1, until: 1, sentence: 'h1: bpftrace did not see everything: io_uring\\x1b[2J' },
  ]);
});
