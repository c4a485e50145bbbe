import { expect, test } from 'vitest';
import type { DiffAnswer } from '../../server/index.js';
import { diffLines, diffWarnings } from './contract-diff.js';
import { table } from './table.js';

const output = { table: (head: readonly string[], rows: readonly (readonly string[])[]) => table(head, rows, String) };
const evidence = { firstSeen: 0, lastSeen: 60_000, count: 12, callers: ['orders', 'public'] };
const answer: DiffAnswer = {
  service: 'payments',
  from: 0,
  to: null,
  rows: [
    {
      layer: 'api',
      change: 'added',
      sentence: 'orders may call GET /rates',
      example: null,
      clause: 'get-rates',
      evidence: { ...evidence, sample: { observation: 'h:b:1', text: 'GET /rates by orders' } },
    },
    { layer: 'network', change: 'removed', sentence: 'anything', example: null, clause: null, evidence: null },
  ],
  notLearned: [{ what: '/bin/sh', why: 'a shell', count: 3 }],
  gaps: [],
  readiness: [],
  overflow: 0,
  text: '',
};

test('a right that was learned shows what speaks for it', () => {
  const [, added, removed, left] = diffLines(output, answer).split('\n');
  expect(added?.split(/ {2,}/)).toEqual([
    '+',
    'api',
    'orders may call GET /rates',
    '12 times',
    '1970-01-01T00:00:00Z',
    '1970-01-01T00:01:00Z',
    'orders public',
    'GET /rates by orders',
  ]);
  expect(removed?.split(/ {2,}/)).toEqual(['-', 'network', 'anything']);
  expect(left).toBe('! not learned: /bin/sh (a shell; seen 3 times)');
});

test('what was left out is said also when no right differs', () => {
  expect(diffLines(output, { ...answer, rows: [] })).toBe(
    'no rights differ\n! not learned: /bin/sh (a shell; seen 3 times)',
  );
});

test('warns of what nobody saw and of what did not fit, whatever the clock of a host said', () => {
  const gap = { host: 'h1', since: 1e300, until: 60_000, sentence: 'h1: bpftrace \u001b[2Jstopped watching' };
  expect(diffWarnings({ ...answer, gaps: [gap], overflow: 7 })).toEqual([
    'not seen while learning: h1: bpftrace \\x1b[2Jstopped watching (unknown time to 1970-01-01T00:01:00Z)',
    '7 different things did not fit: the proposal is incomplete',
  ]);
  expect(diffWarnings(answer)).toEqual([]);
});
