import { describe, expect, test } from 'vitest';
import { compileContract, emptyContract, initialVersion } from '../../contract/index.js';
import { type Event, Observation, Signal, tactics } from '../../model/index.js';
import { detector } from '../detector.js';
import { detectionRules } from './index.js';

let number = 0;
function seen(event: Event, over: Partial<Observation> = {}): Observation {
  number += 1;
  return Observation.parse({
    id: `h:b:${number}`,
    at: 1_000 + number,
    host: 'h',
    layer: 'runtime',
    service: 'catalog',
    workload: 'catalog-h-1',
    identity: null,
    source: 'bpftrace',
    join: { pid: 100, ppid: 1 },
    event,
    ...over,
  });
}

describe.each(detectionRules.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
  const rulesOf = (events: readonly Event[]) => {
    const judge = detector();
    return events.flatMap((event) => judge.judge(seen(event), {}).map((signal) => signal.rule));
  };

  test('hits its examples and misses its counter-examples', () => {
    for (const events of rule.examples.hit) expect(rulesOf(events), JSON.stringify(events)).toContain(rule.id);
    for (const event of rule.examples.miss) expect(rulesOf([event]), JSON.stringify(event)).not.toContain(rule.id);
  });

  test('is fit to be shown', () => {
    expect(rule.id).toMatch(/^(RT|NW|AP)-[0-9]{3}$/);
    expect(rule.technique).toMatch(/^T[0-9]{4}(\.[0-9]{3})?$/);
    expect(tactics).toContain(rule.tactic);
    expect(rule.title.length * rule.description.length).toBeGreaterThan(0);
    expect(rule.kinds.length).toBeGreaterThan(0);
  });
});

test('rule ids are unique', () => {
  expect(new Set(detectionRules.map(({ id }) => id)).size).toBe(detectionRules.length);
});

describe('the approved contract silences rules', () => {
  const contract = (list: string[], files: string[]) =>
    compileContract({
      ...initialVersion('catalog', 'ana', 0),
      contract: {
        ...emptyContract('catalog', 'audit'),
        runtime: {
          executables: list.map((path, index) => ({ id: `e${index}`, path })),
          files: files.map((path, index) => ({ id: `f${index}`, path, access: 'read' as const })),
        },
      },
    });

  test('a listed shell is no signal at all', () => {
    const event: Event = { kind: 'exec', path: '/bin/sh', args: [] };
    expect(detector().judge(seen(event), { contract: contract(['/bin/sh'], []) })).toEqual([]);
    expect(detector().judge(seen(event), { contract: contract([], []) })).toHaveLength(1);
  });

  test('a credential has to be listed by name', () => {
    const event: Event = { kind: 'open', path: '/app/secrets/token', write: false };
    expect(detector().judge(seen(event), { contract: contract([], ['/app/secrets/token']) })).toEqual([]);
    expect(detector().judge(seen(event), { contract: contract([], ['/app/**']) })[0]?.rule).toBe('RT-005');
  });
});

describe("the operator's own start", () => {
  const workload = {
    id: 'catalog-h-1',
    service: 'catalog',
    host: 'h',
    identity: 'spiffe://shop/service/catalog',
    attributes: {},
    attestation: {
      kind: 'process' as const,
      pid: 100,
      start: 5,
      executable: '/bin/sh',
      entry: null,
      codeDigest: 'x',
      codeDirectory: '/srv/catalog',
      operator: 'ana',
      uid: 1_000,
    },
    capture: 'netns' as const,
    cgroup: null,
    state: 'running' as const,
    startedAt: 1_000,
    endedAt: null,
  };
  const shell: Event = { kind: 'exec', path: '/bin/sh', args: ['sh', '-c', 'node x'] };

  test('is no signal, a shell in any other process is', () => {
    expect(detector().judge(seen(shell), { workload })).toEqual([]);
    expect(detector().judge(seen(shell, { join: { pid: 101, ppid: 100 } }), { workload })).toHaveLength(1);
    const bash: Event = { kind: 'exec', path: '/bin/bash', args: [] };
    expect(detector().judge(seen(bash, { at: 900_000 }), { workload })).toHaveLength(1);
  });

  test('while learning, a service may read the credentials in its own folder', () => {
    const contract = compileContract(initialVersion('catalog', 'ana', 0));
    const own: Event = { kind: 'open', path: '/srv/catalog/secrets/token', write: false };
    const other: Event = { kind: 'open', path: '/etc/shadow', write: false };
    expect(detector().judge(seen(own), { workload, contract })).toEqual([]);
    expect(detector().judge(seen(other), { workload, contract })).toHaveLength(1);
  });
});

describe('deviations', () => {
  const audit = compileContract({
    ...initialVersion('catalog', 'ana', 0),
    contract: {
      ...emptyContract('catalog', 'audit'),
      runtime: { executables: [{ id: 'n', path: '/usr/bin/node' }], files: [] },
    },
  });
  const of = (event: Event, contract: typeof audit | undefined = audit) =>
    detector()
      .judge(seen(event), { contract })
      .map(({ rule, kind, tactic, outcome }) => [rule, kind, tactic, outcome].join(' '));
  const verdict = {
    effect: 'would-deny',
    contract: 'catalog',
    version: 1,
    clause: null,
    reason: 'peer-not-listed',
  } as const;

  test('each layer maps to its tactic', () => {
    expect(of({ kind: 'exec', path: '/usr/bin/python3', args: [] })).toEqual(['contract deviation TA0002 detected']);
    expect(of({ kind: 'exec', path: '/usr/bin/node', args: [] })).toEqual([]);
    expect(of({ kind: 'open', path: '/srv/x', write: false })).toEqual(['contract deviation TA0007 detected']);
    expect(of({ kind: 'connect', protocol: 'tcp', address: '192.0.2.1', port: 80 })).toEqual([
      'contract deviation TA0011 detected',
    ]);
    expect(of({ kind: 'flow', direction: 'out', address: '192.0.2.1', port: 80, mtls: false, verdict })).toEqual([
      'contract deviation TA0011 detected',
    ]);
    const request = {
      kind: 'request',
      method: 'POST',
      path: '/refunds',
      verdict: { ...verdict, effect: 'deny', reason: 'path' },
    } as const;
    expect(of({ ...request, direction: 'out', peer: 'payments' })).toEqual(['contract denial TA0008 refused']);
    expect(of({ ...request, direction: 'in', peer: 'gateway' })).toEqual(['contract denial TA0001 refused']);
    expect(of({ ...request, direction: 'in', peer: 'orders' })).toEqual(['contract denial TA0008 refused']);
  });

  test('a learning layer has rules and no deviations', () => {
    const learning = compileContract(initialVersion('catalog', 'ana', 0));
    expect(of({ kind: 'exec', path: '/usr/bin/python3', args: [] }, learning)).toEqual([]);
    expect(of({ kind: 'exec', path: '/bin/sh', args: [] }, learning)).toEqual(['RT-001 rule TA0002 detected']);
    const flow = { kind: 'flow', direction: 'out', address: '192.0.2.1', port: 80, mtls: false } as const;
    expect(of({ ...flow, verdict: { ...verdict, reason: 'learning' } }, learning)).toEqual([]);
  });

  test('clumsy requests and what meets an isolated side are no deviations', () => {
    for (const reason of ['malformed', 'no-route', 'isolated', 'internal-error']) {
      const request = { kind: 'request', direction: 'in', method: 'GET', path: '/', peer: 'orders' } as const;
      expect(of({ ...request, verdict: { ...verdict, effect: 'deny', reason } })).toEqual([]);
    }
  });

  test('relative paths, loopback and captured names claim nothing', () => {
    expect(of({ kind: 'open', path: 'x', write: false })).toEqual([]);
    expect(of({ kind: 'connect', protocol: 'tcp', address: '127.0.0.1', port: 80 })).toEqual([]);
    expect(of({ kind: 'connect', protocol: 'tcp', address: '198.18.0.3', port: 80 })).toEqual([]);
    expect(of({ kind: 'connect', protocol: 'tcp', address: '127.66.6.9', port: 4444 })).toHaveLength(1);
  });
});

test('judging an observation twice gives the same signals', () => {
  const judge = detector();
  const observation = seen({ kind: 'exec', path: '/bin/sh', args: [] });
  const first = judge.judge(observation, {});
  expect(judge.judge(observation, {})).toEqual(first);
  expect(detector().judge(observation, {})).toEqual(first);
});

test('hostile text is bounded and escaped in every signal', () => {
  const evil = `\u001b[2J\n\u202e${'\u0007'.repeat(4_000)}`;
  const signals = [
    ...detector().judge(
      seen({ kind: 'exec', path: '/bin/sh', args: ['sh', evil.slice(0, 4_096)], parent: evil.slice(0, 64) }),
      {},
    ),
    ...detector().judge(seen({ kind: 'open', path: `/etc/secrets/${evil}`, write: false }), {}),
  ];
  expect(signals).toHaveLength(2);
  for (const signal of signals) {
    expect(Signal.parse(signal)).toEqual(signal);
    expect(signal.title + signal.detail).not.toMatch(/[\u0000-\u001f\u202e]/);
  }
});
