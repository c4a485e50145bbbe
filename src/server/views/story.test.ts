import { expect, test } from 'vitest';
import type { Action, Incident, Signal } from '../../model/index.js';
import { breaksOf, storyOf } from './story.js';

const action = (more: Partial<Action>): Action => ({
  id: 'act-1',
  incident: 'INC-1',
  kind: 'restart',
  service: 'orders',
  workload: null,
  host: 'a',
  status: 'done',
  undo: null,
  requestedBy: 'ana',
  requestedAt: 100,
  finishedAt: 200,
  detail: '',
  ...more,
});

test('a clean restart begins a new attempt, a failed or undone one does not', () => {
  const open = { containedAt: null };
  expect(breaksOf(open, [])).toEqual([]);
  expect(breaksOf(open, [action({})])).toEqual([200]);
  expect(breaksOf(open, [action({ status: 'failed' })])).toEqual([]);
  expect(breaksOf(open, [action({ status: 'undone' })])).toEqual([]);
});

test('without a restart the containment is the break', () => {
  expect(breaksOf({ containedAt: 150 }, [])).toEqual([150]);
  expect(breaksOf({ containedAt: 150 }, [action({ kind: 'pause', finishedAt: 140 })])).toEqual([150]);
});

test('what begins while the containment still works opens no chapter', () => {
  const collect = action({ id: 'act-2', kind: 'collect', requestedAt: 120, finishedAt: 400 });
  expect(breaksOf({ containedAt: 150 }, [collect])).toEqual([400]);
  // What begins while the first goes on is waited for as well.
  const kill = action({ id: 'act-3', kind: 'kill', requestedAt: 390, finishedAt: 500 });
  expect(breaksOf({ containedAt: 150 }, [collect, kill])).toEqual([500]);
  expect(breaksOf({ containedAt: 150 }, [action({ kind: 'kill', status: 'running', finishedAt: null })])).toEqual([]);
  expect(breaksOf({ containedAt: 150 }, [action({ status: 'planned', finishedAt: null })])).toEqual([150]);
});

test('replicas restarted by one response are one break', () => {
  const second = action({ id: 'act-2', requestedAt: 150, finishedAt: 260 });
  expect(breaksOf({ containedAt: null }, [action({}), second])).toEqual([260]);
});

const signal = (id: string, at: number): Signal => ({
  id,
  at,
  host: 'a',
  layer: 'runtime',
  service: 'orders',
  workload: 'orders-a-00000001',
  identity: null,
  rule: 'RT-001',
  kind: 'rule',
  severity: 'high',
  tactic: 'TA0002',
  technique: null,
  title: 'orders started sh',
  detail: '',
  outcome: 'detected',
  observation: id,
  join: {},
});
const incident = (containedAt: number | null): Incident => ({
  id: 'INC-1',
  state: 'open',
  severity: 'high',
  score: 50,
  title: 'orders was taken over',
  openedAt: 10,
  firstAt: 10,
  lastAt: 600,
  containedAt,
  layers: ['runtime'],
  tactics: ['TA0002'],
  services: ['orders'],
  signals: [signal('s1', 10), signal('s2', 600)],
  links: [],
});
const headings = (of: Incident, actions: readonly Action[]) =>
  storyOf(of, actions).flatMap(({ kind, heading }) => (kind === 'signal' ? [heading] : []));

test('the heading speaks of containment only where there was one', () => {
  expect(headings(incident(150), [action({})])).toEqual([null, 'Again, after containment']);
  expect(headings(incident(null), [action({})])).toEqual([null, 'Again, after a restart']);
  expect(headings(incident(null), [])).toEqual([null]);
});
