import { describe, expect, test } from 'vitest';
import { manualClock } from '../base/index.js';
import { type Action, actionKinds, type Signal, Signal as SignalSchema } from '../model/index.js';
import { actionOf, actions } from './actions/index.js';
import { applyAction } from './apply.js';
import type { Enforcer, PolicyEnforcer } from './enforcer.js';
import { planResponse, suspectedServices, undoOf } from './plan.js';

const signal = (change: Partial<Signal>): Signal =>
  SignalSchema.parse({
    id: 's',
    at: 1,
    host: 'h',
    layer: 'runtime',
    service: 'catalog',
    workload: null,
    identity: null,
    rule: 'RT-001',
    kind: 'rule',
    severity: 'high',
    tactic: 'TA0002',
    technique: null,
    title: 't',
    detail: 'd',
    outcome: 'detected',
    observation: 'o',
    join: {},
    ...change,
  });
const workloads = [
  { id: 'catalog-h-1', service: 'catalog', host: 'h', capture: 'netns', state: 'running' },
  { id: 'catalog-k-2', service: 'catalog', host: 'k', capture: 'loopback', state: 'running' },
  { id: 'catalog-h-0', service: 'catalog', host: 'h', capture: 'netns', state: 'stopped' },
  { id: 'payments-h-1', service: 'payments', host: 'h', capture: 'netns', state: 'running' },
] as const;
const incident = {
  id: 'INC-1',
  services: ['catalog', 'payments'],
  signals: [signal({}), signal({ layer: 'api', service: 'payments', join: { caller: 'spiffe://t/service/catalog' } })],
};
let next = 0;
const by = { requestedBy: 'demo', now: 5, newId: () => `a${next++}` };
const plan = (end: 'restart' | 'kill' | 'hold') => planResponse({ incident, workloads, end, ...by });

describe('a response plan', () => {
  test('keeps evidence: pause, collect, cut off, revoke, and only then end', () => {
    expect(plan('restart').map(({ kind, workload }) => `${kind} ${workload ?? '*'}`)).toEqual([
      'pause catalog-h-1',
      'pause catalog-k-2',
      'collect catalog-h-1',
      'collect catalog-k-2',
      'isolate catalog-h-1',
      'isolate catalog-k-2',
      'revoke *',
      'restart catalog-h-1',
      'restart catalog-k-2',
    ]);
    expect(plan('hold').some(({ kind }) => kind === 'kill' || kind === 'restart')).toBe(false);
    expect(plan('kill').at(-1)?.kind).toBe('kill');
  });

  test('leaves the service that refused the call alone', () => {
    expect(suspectedServices(incident)).toEqual(['catalog']);
    expect(suspectedServices({ ...incident, signals: incident.signals.slice(1) })).toEqual(['catalog']);
  });

  test('falls back to all services when nobody can be named, never to the gateway', () => {
    const fromGateway = signal({ layer: 'api', service: 'payments', join: { caller: 'spiffe://t/service/gateway' } });
    expect(suspectedServices({ ...incident, signals: [fromGateway] })).toEqual(['catalog', 'payments']);
  });

  test('has one action of the same shape per kind, and each undo exists', () => {
    expect(actions.map(({ kind }) => kind).sort()).toEqual([...actionKinds].sort());
    for (const { undo } of actions) if (undo !== null) expect(actionOf(undo).kind).toBe(undo);
  });

  test('undoes what was done and nothing else', () => {
    const [pause, collect] = [plan('hold')[0], plan('hold')[2]].map(
      (action) => ({ ...action, status: 'done' }) as Action,
    );
    expect(pause === undefined ? '' : undoOf(pause, by).kind).toBe('resume');
    expect(() => collect && undoOf(collect, by)).toThrow(expect.objectContaining({ code: 'not-undoable' }));
    expect(() => pause && undoOf({ ...pause, status: 'failed' }, by)).toThrow(
      expect.objectContaining({ code: 'not-undoable' }),
    );
  });
});

describe('carrying a step out', () => {
  const calls: string[] = [];
  const done = (name: string) => async (whom: string) => {
    calls.push(`${name} ${whom}`);
    return { status: 'done', detail: name } as const;
  };
  const host: Enforcer = {
    pause: done('pause'),
    resume: done('resume'),
    rejoin: done('rejoin'),
    kill: done('kill'),
    collect: done('collect'),
    isolate: async () => ({ status: 'unavailable', detail: 'no packet filter' }),
    restart: async () => {
      throw new Error('the digest differs');
    },
  };
  const policy: PolicyEnforcer = { revoke: done('revoke'), restore: done('restore'), enforce: done('enforce') };
  const step = (kind: Action['kind']) => {
    const found = plan('restart').find((action) => action.kind === kind);
    if (found === undefined) throw new Error('not planned');
    return found;
  };
  const clock = manualClock(9);

  test('says done, unavailable and failed as they are', async () => {
    expect(await applyAction(step('pause'), { host, clock })).toMatchObject({ status: 'done', finishedAt: 9 });
    expect(await applyAction(step('isolate'), { host, clock })).toMatchObject({
      status: 'unavailable',
      detail: 'no packet filter',
    });
    expect(await applyAction(step('restart'), { host, clock })).toMatchObject({
      status: 'failed',
      detail: 'the digest differs',
    });
    expect(await applyAction(step('pause'), { policy, clock })).toMatchObject({ status: 'unavailable' });
    expect(await applyAction(step('revoke'), { host, clock })).toMatchObject({ status: 'unavailable' });
    expect(await applyAction({ ...step('pause'), workload: null }, { host, clock })).toMatchObject({
      status: 'failed',
    });
  });

  test('gives a revoked identity back when that is undone', async () => {
    calls.length = 0;
    const revoked = await applyAction(step('revoke'), { policy, clock });
    await applyAction(undoOf(revoked, by), { policy, clock });
    expect(calls).toEqual(['revoke catalog', 'restore catalog']);
  });
});
